"""The plugin's server: one thread owns the sockets, TLS and HTTP/2; each call runs in a worker thread."""

from __future__ import annotations

import _socket
import _thread
import posix
import select
from _queue import SimpleQueue
from time import monotonic

from provider.protocol import grpc
from provider.protocol.errors import Unimplemented
from provider.protocol.log import log, log_exception
from provider.protocol.tls import ServerConnection, TlsError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Final, Protocol

    from provider.protocol.tls import ServerContext

    class Plugin(Protocol):
        """What is served."""

        def handle(self, rpc: str, message: bytes, /) -> bytes:
            """Answer an RPC; called in many threads at once."""

        def close(self) -> None:
            """Let go of what calls have opened."""


SERVICE: Final = "/tfplugin6.Provider/"
SHUTDOWN: Final = "/plugin.GRPCController/Shutdown"
# go-plugin opens both and needs nothing from them: output goes through stderr, and a provider brokers no connections.
SILENT_STREAMS: Final = ("/plugin.GRPCStdio/StreamStdio", "/plugin.GRPCBroker/StartStream")

_TICK_MS: Final = 1000
_READ_SIZE: Final = 1 << 18
_OUTPUT_SIZE: Final = 1 << 18
_MAX_CHANNELS: Final = 64
# Two seconds after Shutdown, Terraform kills.
_CLOSE_SECONDS: Final = 1.0
# At a second interrupt Terraform says Shutdown while calls are running, and leaves when it is answered. Until then it
# still records what calls answer; and since it empties its state file before it writes it, it must not leave amid that.
_DRAIN_SECONDS: Final = 1.5
_RECORD_SECONDS: Final = 0.2
_DRAIN_TICK_MS: Final = 20


class _ClosedError(Exception):
    """The channel's socket is of no more use."""


class _Channel:
    """One connection of a client: its socket, its TLS and its calls.

    While output waits for a peer that does not read, nothing more is read from it; so what it can make us store is
    bounded by what it can send at once.
    """

    __slots__ = ("_pending", "_session", "_socket", "_tls", "closed")

    def __init__(self, socket: _socket.socket, tls: ServerConnection | None) -> None:
        self._socket = socket
        self._tls = tls
        self._session = grpc.Session(SILENT_STREAMS)
        self._pending = memoryview(b"")
        self.closed = False

    @property
    def interest(self) -> int:
        """The events of poll that it waits for."""
        return select.POLLOUT if self._pending else select.POLLIN

    def receive(self) -> list[grpc.Call]:
        """Read what there is and return the calls that it completes.

        Raises:
            _ClosedError: the peer is gone.
        """
        try:
            data = self._socket.recv(_READ_SIZE)
        except BlockingIOError:
            return []
        except OSError:
            raise _ClosedError from None
        if not data:
            raise _ClosedError
        if self._tls:
            try:
                data = self._tls.receive(data)
            except TlsError as error:
                log("warn", "a connection was refused", reason=str(error))
                self._send(self._tls.output())
                raise _ClosedError from None
            if self._tls.closed:
                raise _ClosedError
        return self._session.receive(data)

    def answer(self, stream_id: int, result: bytes | tuple[int, str]) -> None:
        """Queue the answer to a call: a message, or a status and its text."""
        if isinstance(result, bytes):
            self._session.answer(stream_id, result)
        else:
            self._session.fail(stream_id, *result)

    def flush(self) -> None:
        """Send as much as the peer takes.

        Raises:
            _ClosedError: the peer is gone, or a connection error has been told to it.
        """
        while not self._pending:
            data = self._output()
            if not data:
                if self._session.closed:
                    raise _ClosedError
                return
            self._send(data)
        self._send(self._pending)

    def close(self) -> None:
        """Close the socket; answers that come later are dropped."""
        self.closed = True
        self._socket.close()

    def _output(self) -> bytes:
        if not self._tls:
            return self._session.output(_OUTPUT_SIZE)
        if self._tls.established:
            data = self._session.output(_OUTPUT_SIZE)
            if data:
                self._tls.send(data)
        return self._tls.output()

    def _send(self, data: bytes | memoryview) -> None:
        rest = memoryview(data)
        try:
            while rest:
                rest = rest[self._socket.send(rest) :]
        except BlockingIOError:
            pass
        except OSError:
            raise _ClosedError from None
        self._pending = rest


class Server:
    """Serves one plugin on a listening socket until its client shuts it down.

    `parent` is the process id of Terraform: when this process has another parent, Terraform is gone.
    """

    def __init__(self, listener: _socket.socket, parent: int) -> None:
        self._listener: Any = listener
        self._context: ServerContext | None = None
        self._parent = parent
        self._poll = select.poll()
        self._channels: dict[int, _Channel] = {}
        self._wake_reader, self.wake_writer = posix.pipe()
        for descriptor in (self._wake_reader, self.wake_writer):
            posix.set_blocking(descriptor, False)
        self._jobs: SimpleQueue[tuple[_Channel, int, str, bytes]] = SimpleQueue()
        self._results: SimpleQueue[tuple[_Channel, int, bytes | tuple[int, str]]] = SimpleQueue()
        self._is_woken = False
        self._idle_workers = 0
        self._running = 0
        self._plugin: Plugin | None = None
        self._loaded = _thread.allocate_lock()
        self._exit_code: int | None = None
        self._shutdown_by: _Channel | None = None
        self._draining: tuple[_Channel, int] | None = None
        self._drained_at = 0.0
        self._terminating = False
        self._loaded.acquire()

    def terminate(self) -> None:
        """Make `serve` return when the calls that are running are answered; safe in a signal handler."""
        self._terminating = True

    def load(self, load: Callable[[], Plugin]) -> None:
        """Bring the plugin in a thread of its own; calls wait for it."""
        _thread.start_new_thread(self._load, (load,))

    def serve(self, context: ServerContext | None) -> int:
        """Serve, under TLS if there is a context, and return the process's exit code."""
        self._context = context
        self._listener.setblocking(False)
        self._poll.register(self._wake_reader, select.POLLIN)
        self._poll.register(self._listener.fileno(), select.POLLIN)
        while self._exit_code is None:
            for descriptor, events in self._poll.poll(_DRAIN_TICK_MS if self._draining else _TICK_MS):
                self._dispatch(descriptor, events)
            self._look_around()
        self._close_plugin()
        return self._exit_code

    def _close_plugin(self) -> None:
        """Let the plugin let go of its files, in a thread: a call that is still running may be holding them."""
        if self._plugin is not None:
            closed = _thread.allocate_lock()
            closed.acquire()
            _thread.start_new_thread(_close, (self._plugin, closed))
            closed.acquire(timeout=_CLOSE_SECONDS)

    def _look_around(self) -> None:
        """End when there is nobody to serve."""
        if posix.getppid() != self._parent or (self._terminating and not self._running and not self._unsent()):
            self._exit_code = 0
        if self._draining and monotonic() >= self._drained_at:
            channel, stream_id = self._draining
            self._shut_down(channel, stream_id)
            self._deliver()

    def _unsent(self) -> bool:
        return any(channel.interest == select.POLLOUT for channel in self._channels.values())

    def _dispatch(self, descriptor: int, events: int) -> None:
        if descriptor == self._wake_reader:
            posix.read(self._wake_reader, 1 << 16)
            self._is_woken = False
            self._deliver()
        elif descriptor == self._listener.fileno():
            self._accept()
        elif descriptor in self._channels:
            self._attend(descriptor, readable=bool(events & ~select.POLLOUT))

    def _accept(self) -> None:
        try:
            descriptor, _ = self._listener._accept()  # noqa: SLF001 - the public `socket` module is slow to import
        except OSError:
            return  # the client has left again
        socket = _socket.socket(fileno=descriptor)
        if len(self._channels) >= _MAX_CHANNELS:
            socket.close()
            return
        socket.setblocking(False)
        self._channels[descriptor] = _Channel(socket, self._context.connection() if self._context else None)
        self._poll.register(descriptor, select.POLLIN)
        self._attend(descriptor, readable=False)

    def _attend(self, descriptor: int, *, readable: bool) -> None:
        """Read from a channel and send to it, as far as it goes."""
        channel = self._channels[descriptor]
        try:
            for call in channel.receive() if readable else ():
                self._begin(channel, call)
            channel.flush()
        except _ClosedError:
            self._close(descriptor, channel)
            return
        self._poll.modify(descriptor, channel.interest)
        if self._shutdown_by is channel and channel.interest != select.POLLOUT:
            self._exit_code = 0

    def _close(self, descriptor: int, channel: _Channel) -> None:
        self._poll.unregister(descriptor)
        del self._channels[descriptor]
        channel.close()
        if self._shutdown_by is channel or (self._draining and self._draining[0] is channel):
            self._exit_code = 0

    def _begin(self, channel: _Channel, call: grpc.Call) -> None:
        if call.path == SHUTDOWN:
            if self._running:
                self._draining = (channel, call.stream_id)
                self._drained_at = monotonic() + _DRAIN_SECONDS
            else:
                self._shut_down(channel, call.stream_id)
        elif not call.path.startswith(SERVICE):
            channel.answer(call.stream_id, (grpc.UNIMPLEMENTED, f"{call.path} is not served"))
        else:
            self._running += 1
            self._submit((channel, call.stream_id, call.path[len(SERVICE) :], call.message))

    def _shut_down(self, channel: _Channel, stream_id: int) -> None:
        """Answer Shutdown; when that is sent, the process ends."""
        self._draining = None
        channel.answer(stream_id, b"")
        self._shutdown_by = channel

    def _submit(self, job: tuple[_Channel, int, str, bytes]) -> None:
        """Give a call to a worker that waits, or to a new one: a call that sleeps must not hold up another."""
        if self._idle_workers:
            self._idle_workers -= 1
            self._jobs.put(job)
        else:
            _thread.start_new_thread(self._work, (job,))

    def _deliver(self) -> None:
        """Answer the calls that workers have finished; only here a worker counts as idle again."""
        while not self._results.empty():
            channel, stream_id, result = self._results.get()
            self._idle_workers += 1
            self._running -= 1
            if not channel.closed:
                channel.answer(stream_id, result)
            if self._draining and not self._running:
                self._drained_at = min(self._drained_at, monotonic() + _RECORD_SECONDS)
        for descriptor in list(self._channels):
            self._attend(descriptor, readable=False)

    def _load(self, load: Callable[[], Plugin]) -> None:
        try:
            self._plugin = load()
        except BaseException as error:  # noqa: BLE001 - a thread has nobody else to tell
            log_exception("the provider cannot be loaded", error)
            self._exit_code = 1
            self._wake()
            return
        self._loaded.release()

    def _work(self, job: tuple[_Channel, int, str, bytes]) -> None:
        with self._loaded:
            pass
        while True:
            channel, stream_id, rpc, message = job
            self._results.put((channel, stream_id, self._call(rpc, message)))
            self._wake()
            job = self._jobs.get()

    def _call(self, rpc: str, message: bytes) -> bytes | tuple[int, str]:
        try:
            assert self._plugin is not None  # noqa: S101 - workers wait until it is loaded
            return self._plugin.handle(rpc, message)
        except Unimplemented:
            return grpc.UNIMPLEMENTED, f"{rpc} is not served"
        except BaseException as error:  # noqa: BLE001 - the caller waits for an answer, whatever happened
            log_exception(f"{rpc} failed", error)
            return grpc.INTERNAL, type(error).__name__

    def _wake(self) -> None:
        """Have the thread with the sockets look for results, unless it is about to."""
        if self._is_woken:
            return
        self._is_woken = True
        try:
            posix.write(self.wake_writer, b"\0")
        except BlockingIOError:
            return  # the pipe is full of wakes


def _close(plugin: Plugin, closed: _thread.LockType) -> None:
    try:
        plugin.close()
    except BaseException as error:  # noqa: BLE001 - as in `_load`
        log_exception("the provider cannot be closed", error)
    closed.release()
