from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from provider.protocol.launch import ABOUT
from tests.provider.protocol.client import TIMEOUT, call, call_h2, channel, connect
from tests.provider.protocol.process import Provider, command, environment, make_identity

if TYPE_CHECKING:
    from collections.abc import Callable

    Start = Callable[..., Provider]

# Before the handshake line nothing else may be loaded: each package here would show in every Terraform command.
INTERPRETER = {
    "__main__",
    "_abc",
    "_codecs",
    "_frozen_importlib",
    "_frozen_importlib_external",
    "_imp",
    "_io",
    "_signal",
    "_thread",
    "_warnings",
    "_weakref",
    "abc",
    "builtins",
    "codecs",
    "encodings",
    "encodings.aliases",
    "encodings.utf_8",
    "encodings.utf_8_sig",
    "io",
    "linecache",
    "marshal",
    "posix",
    "sys",
    "time",
    "winreg",
    "zipimport",
}
LAUNCH = {
    "__future__",
    "_socket",
    "binascii",
    "provider",
    "provider.protocol",
    "provider.protocol.certificate",
    "provider.protocol.launch",
}


def test_only_these_modules_are_loaded_before_the_handshake(provider: Start, tmp_path: Path) -> None:
    identity = make_identity(ec.SECP256R1())
    provider(log=tmp_path / "first", client=identity)
    started = provider(log=tmp_path / "log", client=identity, mode="modules")
    loaded = set(started.log.read_text().split())
    assert loaded >= LAUNCH
    assert loaded - INTERPRETER - LAUNCH == set()


def test_the_handshake_line_without_tls(provider: Start, tmp_path: Path) -> None:
    started = provider(log=tmp_path / "log", variables={"TMPDIR": str(tmp_path)} if len(str(tmp_path)) < 60 else {})
    assert started.fields == ["1", "6", "unix", started.socket, "grpc", ""]
    assert stat.S_IMODE(Path(started.socket).parent.stat().st_mode) == 0o700


def test_the_handshake_line_with_tls_names_the_certificate(provider: Start, tmp_path: Path) -> None:
    identity = make_identity()
    started = provider(log=tmp_path / "log", client=identity)
    assert x509.load_pem_x509_certificate(started.certificate).subject.rfc4514_string() == "CN=localhost"
    assert "=" not in started.fields[5]
    with connect(started, identity) as connection:
        assert call_h2(connection, "Echo", b"x") == (b"0", b"x")
    assert [file.name for file in Path(started.socket).parent.iterdir()] == ["socket"]


@pytest.mark.parametrize("kind", ["long", "missing", "empty"])
def test_a_tmpdir_that_cannot_hold_a_socket_is_passed_over(provider: Start, tmp_path: Path, kind: str) -> None:
    long = tmp_path / ("x" * 100)
    long.mkdir()
    folder = {"long": str(long), "missing": str(tmp_path / "missing"), "empty": ""}[kind]
    started = provider(log=tmp_path / "log", variables={"TMPDIR": folder})
    assert started.socket.startswith("/tmp/terraform-provider-")
    with channel(started) as connected:
        assert call(connected, "Echo", b"x") == b"x"
    assert list(long.iterdir()) == []


def test_a_tmpdir_is_used(provider: Start, tmp_path_factory: pytest.TempPathFactory, tmp_path: Path) -> None:
    short = Path("/tmp") / f"t{os.getpid()}"
    short.mkdir()
    try:
        started = provider(log=tmp_path / "log", variables={"TMPDIR": str(short)})
        assert Path(started.socket).is_relative_to(short)
        with channel(started) as connected:
            call(connected, "/plugin.GRPCController/Shutdown")
        started.process.wait(timeout=TIMEOUT)
        assert list(short.iterdir()) == []
    finally:
        short.rmdir()


@pytest.mark.parametrize("cookie", [None, "wrong"])
def test_started_by_hand_it_says_what_it_is(tmp_path: Path, cookie: str | None) -> None:
    variables = {"TF_PLUGIN_MAGIC_COOKIE": cookie} if cookie else {}
    done = subprocess.run(command(tmp_path), env=variables, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (1, "", ABOUT + "\n")
    assert "make install-provider" in ABOUT
    assert ABOUT.count(".") == 1


def test_a_handler_that_cannot_be_loaded_ends_the_process_with_one_log_line(provider: Start, tmp_path: Path) -> None:
    started = provider(log=tmp_path / "log", mode="broken")
    assert started.process.wait(timeout=TIMEOUT) == 1
    (line,) = started.logged()
    assert (line["@level"], line["@message"]) == ("error", "the provider cannot be loaded")
    assert "RuntimeError" in line["traceback"]
    assert "canary" not in started.log.read_text()
    assert not Path(started.socket).parent.exists()


def test_a_client_certificate_that_is_none_ends_the_process_with_one_log_line(provider: Start, tmp_path: Path) -> None:
    started = provider(log=tmp_path / "log", variables={"PLUGIN_CLIENT_CERT": "nonsense"})
    assert started.process.wait(timeout=TIMEOUT) == 1
    (line,) = started.logged()
    assert line["@message"] == "the provider cannot be started"
    assert not Path(started.socket).parent.exists()


def test_ctrl_c_in_the_terminal_lets_a_running_call_finish(provider: Start, tmp_path: Path) -> None:
    started = provider(log=tmp_path / "log")
    with channel(started) as connected:
        waiting = connected.unary_unary("/tfplugin6.Provider/Wait").future(b"", timeout=TIMEOUT)
        call(connected, "Echo")
        for _ in range(3):
            os.killpg(started.process.pid, signal.SIGINT)
            call(connected, "Echo")
        call(connected, "Release")
        assert waiting.result() == b"waited"
    assert started.logged() == []


def test_what_a_handler_starts_takes_signals_as_usual(provider: Start, tmp_path: Path) -> None:
    with channel(provider(log=tmp_path / "log")) as connected:
        assert call(connected, "Signals").split() == [b"False", b"False"]


def test_sigterm_ends_it_when_the_running_call_is_answered(provider: Start, tmp_path: Path) -> None:
    started = provider(log=tmp_path / "log")
    with channel(started) as connected:
        waiting = connected.unary_unary("/tfplugin6.Provider/Wait").future(b"", timeout=TIMEOUT)
        call(connected, "Echo")
        started.process.send_signal(signal.SIGTERM)
        call(connected, "Release")
        assert waiting.result() == b"waited"
        assert started.process.wait(timeout=TIMEOUT) == 0
    assert not Path(started.socket).parent.exists()


PARENT = "import subprocess, sys; subprocess.Popen(sys.argv[1:]).wait()"


@pytest.mark.parametrize("busy", [False, True], ids=["idle", "busy"])
def test_it_ends_when_terraform_is_killed(provider: Start, tmp_path: Path, busy: bool) -> None:
    started = provider(log=tmp_path / "log", prefix=(sys.executable, "-c", PARENT))
    assert started.process.stdout is not None
    with channel(started) as connected:
        waiting = connected.unary_unary("/tfplugin6.Provider/Wait").future(b"") if busy else None
        call(connected, "Echo")
        started.process.kill()
        assert started.process.stdout.read() == b"", "the provider holds its end of the pipe as long as it lives"
        assert waiting is None or waiting.exception() is not None
    assert not Path(started.socket).parent.exists()


def test_it_ends_when_terraform_is_gone_before_the_handshake(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(command(tmp_path), env=environment(), stdout=writer, stderr=log)
    os.close(writer)
    assert process.wait(timeout=TIMEOUT) == 1
    assert (tmp_path / "log").read_bytes() == b""


@pytest.mark.parametrize("by", ["shutdown", "sigterm"])
def test_what_calls_have_opened_is_closed_at_the_end(provider: Start, tmp_path: Path, by: str) -> None:
    mark = tmp_path / "closed"
    started = provider(log=tmp_path / "log", variables={"CLOSED": str(mark)})
    with channel(started) as connected:
        call(connected, "Echo")
        assert not mark.exists()
        if by == "shutdown":
            call(connected, "/plugin.GRPCController/Shutdown")
        else:
            started.process.send_signal(signal.SIGTERM)
        assert started.process.wait(timeout=TIMEOUT) == 0
    assert mark.exists()


@pytest.mark.parametrize("kind", ["hang", "fail"])
def test_a_close_that_hangs_or_fails_does_not_keep_the_process(provider: Start, tmp_path: Path, kind: str) -> None:
    started = provider(log=tmp_path / "log", variables={"CLOSED": str(tmp_path / kind)})
    with channel(started) as connected:
        call(connected, "Echo")
        call(connected, "/plugin.GRPCController/Shutdown")
        assert started.process.wait(timeout=1.9) == 0, "Terraform kills after two seconds"
    assert [line["@message"] for line in started.logged()] == ["the provider cannot be closed"] * (kind == "fail")
    assert "canary" not in started.log.read_text()
    assert not Path(started.socket).parent.exists()
