"""How Terraform starts a provider: the cookie, the socket, the handshake line, and then the calls.

Source: https://github.com/hashicorp/go-plugin/blob/main/docs/internals.md. What can wait until Terraform has read the
line is done behind it, while Terraform dials.
"""

from __future__ import annotations

import _socket
import posix
from posix import _exit

from provider.protocol.certificate import handshake_field, obtain

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal as _signal
    from collections.abc import Callable
    from typing import Final, NoReturn

    from provider.protocol.server import Plugin
    from provider.protocol.tls import ServerContext
else:
    import _signal

COOKIE_NAME: Final = "TF_PLUGIN_MAGIC_COOKIE"
COOKIE: Final = "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2"
ABOUT: Final = (
    "This is a Terraform provider, which Terraform starts by itself; "
    "`make install-provider` installs it where Terraform finds it."
)
_SHORT_FOLDER: Final = "/tmp"  # noqa: S108 - what is made in it is private
_STDOUT, _STDERR = 1, 2
_MAX_SOCKET_PATH: Final = 107
_ALLOCATIONS_BETWEEN_COLLECTIONS: Final = 50_000


def main(load: Callable[[], Plugin], *, certificates: str, about: str = ABOUT) -> NoReturn:
    """Serve as a plugin of Terraform's until it says Shutdown or is gone, then end the process.

    `load` is called once, in a thread, when Terraform has been told where to dial; it returns the plugin. Its `handle`
    takes an RPC's name and the bytes of its request and returns those of its response, in many threads at once. Its
    `close` is called when the serving ends, and has a second.
    `certificates` is the folder that keeps the server's certificate. `about` is the sentence for a person who starts
    the provider by hand. SIGINT is for Terraform to act on; SIGTERM ends the process when the running calls are
    answered. It must be called in the main thread by a script, not by a module that `load` imports.
    """
    if _environment(COOKIE_NAME) != COOKIE:
        _fail(about)
    # A handler that does nothing, unlike an ignored signal, is not inherited by what the provider starts.
    _signal.signal(_signal.SIGINT, _do_nothing)
    parent = posix.getppid()
    folder, listener = _listen()
    code = 1
    try:
        code = _serve(load, certificates, folder, listener, parent)
    except BrokenPipeError:
        code = 1  # Terraform was gone before the handshake
    except BaseException as error:  # noqa: BLE001 - the process ends here, and says why as Terraform reads it
        from provider.protocol.log import log_exception  # noqa: PLC0415 - only a launch that fails needs it

        log_exception("the provider cannot be started", error)
    finally:
        _remove(folder)
        _exit(code)


def _serve(load: Callable[[], Plugin], certificates: str, folder: str, listener: _socket.socket, parent: int) -> int:
    """Say the handshake line and serve; return the exit code."""
    client_certificate = _environment("PLUGIN_CLIENT_CERT")
    pem = obtain(certificates) if client_certificate else ""
    line = f"1|6|unix|{folder}/socket|grpc|{handshake_field(pem)}\n"
    posix.write(_STDOUT, line.encode())

    import gc  # noqa: PLC0415 - everything from here on runs while Terraform dials

    from provider.protocol.imports import serialize_imports  # noqa: PLC0415 - as above
    from provider.protocol.server import Server  # noqa: PLC0415 - as above

    # What a launch makes mostly stays: to look for garbage as often as Python does costs a twentieth of its time.
    gc.set_threshold(_ALLOCATIONS_BETWEEN_COLLECTIONS)
    serialize_imports()
    server = Server(listener, parent)
    _signal.signal(_signal.SIGTERM, lambda _number, _frame: server.terminate())
    _signal.set_wakeup_fd(server.wake_writer, warn_on_full_buffer=False)
    server.load(load)
    return server.serve(_context(f"{folder}/server.pem", pem, client_certificate) if client_certificate else None)


def _context(file: str, pem: str, client_certificate: str) -> ServerContext:
    """Make the TLS context; OpenSSL takes a certificate from a file alone, so this launch's passes through one."""
    from provider.protocol.tls import ServerContext  # noqa: PLC0415 - as in `_serve`

    _write_private(file, pem.encode())
    context = ServerContext(file, client_certificate)
    posix.unlink(file)
    return context


def _environment(name: str) -> str:
    return posix.environ.get(name.encode(), b"").decode("utf-8", "surrogateescape")


def _do_nothing(_number: int, _frame: object) -> None:
    """Take a signal without an effect."""


def _fail(sentence: str) -> NoReturn:
    posix.write(_STDERR, sentence.encode("utf-8", "surrogateescape") + b"\n")
    _exit(1)


def _listen() -> tuple[str, _socket.socket]:
    """Return a new private folder and a socket that listens in it, below TMPDIR or, where that is too long, /tmp."""
    name = f"terraform-provider-{posix.urandom(8).hex()}"
    listener = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
    for base in (_environment("TMPDIR") or _SHORT_FOLDER, _SHORT_FOLDER):
        folder = f"{base}/{name}"
        path = f"{folder}/socket".encode("utf-8", "surrogateescape")
        if len(path) > _MAX_SOCKET_PATH:
            continue
        try:
            posix.mkdir(folder, 0o700)
            listener.bind(path)
        except OSError:
            continue
        listener.listen()
        return folder, listener
    _fail("No socket can be made in TMPDIR or /tmp.")


def _write_private(path: str, data: bytes) -> None:
    descriptor = posix.open(path, posix.O_WRONLY | posix.O_CREAT | posix.O_EXCL | posix.O_CLOEXEC, 0o600)
    try:
        posix.write(descriptor, data)
    finally:
        posix.close(descriptor)


def _remove(folder: str) -> None:
    """Remove the folder with what a launch puts there."""
    for remove, path in (
        (posix.unlink, f"{folder}/socket"),
        (posix.unlink, f"{folder}/server.pem"),
        (posix.rmdir, folder),
    ):
        try:
            remove(path)
        except OSError:
            continue
