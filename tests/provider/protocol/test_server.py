from __future__ import annotations

import contextlib
import os
import select
import socket
import ssl
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import grpc  # type: ignore[import-untyped]
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from provider.protocol import frames, server
from provider.protocol import grpc as ours
from provider.protocol.server import SILENT_STREAMS
from tests.provider.protocol.client import TIMEOUT, call, call_h2, channel, connect
from tests.provider.protocol.process import Identity, Provider, make_identity

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.provider.protocol.conftest import Generated

    Start = Callable[..., Provider]

LARGE = bytes(range(256)) * (5 << 12)


@pytest.fixture(params=["plain", "mutual TLS"])
def identity(request: pytest.FixtureRequest) -> Identity | None:
    return make_identity(ec.SECP256R1()) if request.param == "mutual TLS" else None


@pytest.fixture
def running(provider: Start, tmp_path: Path) -> Provider:
    return provider(log=tmp_path / "log")


def test_grpcio_calls_with_generated_stubs(
    provider: Start, tmp_path: Path, tfplugin6: Generated, identity: Identity | None
) -> None:
    started = provider(log=tmp_path / "log", client=identity)
    pb: Any = tfplugin6.messages
    with channel(started, identity) as connected:
        stub = tfplugin6.services.ProviderStub(connected)
        planned = pb.DynamicValue(msgpack=b"\xc0")
        request = pb.PlanResourceChange.Request(type_name="x", proposed_new_state=planned)
        assert stub.PlanResourceChange(request, timeout=TIMEOUT).planned_state == planned
        with pytest.raises(grpc.RpcError) as failure:
            stub.GetMetadata(pb.GetMetadata.Request(), timeout=TIMEOUT)
    assert failure.value.code() == grpc.StatusCode.UNIMPLEMENTED
    assert started.logged() == []


def test_large_messages_and_many_calls_at_once(provider: Start, tmp_path: Path, identity: Identity | None) -> None:
    started = provider(log=tmp_path / "log", client=identity)
    with channel(started, identity) as connected, ThreadPoolExecutor(8) as pool:
        assert call(connected, "Echo", LARGE) == LARGE
        messages = [b"%d" % number * 5000 for number in range(200)]
        assert list(pool.map(lambda message: call(connected, "Echo", message), messages)) == messages
    assert started.logged() == []


def test_terraforms_p521_certificate_is_enforced(provider: Start, tmp_path: Path) -> None:
    identity = make_identity()
    started = provider(log=tmp_path / "log", client=identity)
    with connect(started, identity) as connection:
        assert isinstance(connection, ssl.SSLSocket)
        assert call_h2(connection, "Echo", LARGE[:15_000]) == (b"0", LARGE[:15_000])
    for wrong in (make_identity(), make_identity(ec.SECP256R1())):
        with connect(started, wrong) as connection, pytest.raises((ssl.SSLError, ConnectionError)):
            connection.recv(1)
    with connect(started) as connection:
        connection.sendall(frames.PREFACE + frames.settings({}))
        assert connection.recv(1 << 16)[:1] != b"\0", "an answer without TLS"
    assert {line["@message"] for line in started.logged()} == {"a connection was refused"}
    with connect(started, identity) as connection:
        assert call_h2(connection, "Echo", b"still here") == (b"0", b"still here")


def test_calls_that_wait_hold_up_no_other(running: Provider) -> None:
    with channel(running) as connected:
        waiting = [connected.unary_unary("/tfplugin6.Provider/Wait").future(b"", timeout=TIMEOUT) for _ in range(100)]
        assert call(connected, "Echo", b"meanwhile") == b"meanwhile"
        assert not any(future.done() for future in waiting)
        call(connected, "Release")
        assert {future.result() for future in waiting} == {b"waited"}


def test_a_cancelled_call_runs_on_and_is_not_answered(running: Provider) -> None:
    with channel(running) as connected:
        waiting = connected.unary_unary("/tfplugin6.Provider/Wait").future(b"")
        call(connected, "Echo")
        assert waiting.cancel()
        call(connected, "Release")
        assert call(connected, "Wait") == b"waited"


def test_workers_are_used_again(running: Provider) -> None:
    with channel(running) as connected:
        for _ in range(300):
            call(connected, "Echo")
        assert int(call(connected, "Threads")) < 10


def test_an_unknown_rpc_and_an_unknown_service_are_unimplemented(running: Provider) -> None:
    with channel(running) as connected:
        for path in ("New", "/grpc.health.v1.Health/Check", "/tfplugin6.Provider", "/tfplugin5.Provider/Echo"):
            with pytest.raises(grpc.RpcError) as failure:
                call(connected, path)
            assert failure.value.code() == grpc.StatusCode.UNIMPLEMENTED


def test_a_failure_tells_its_type_and_logs_where_but_never_its_text(running: Provider) -> None:
    with channel(running) as connected:
        with pytest.raises(grpc.RpcError) as failure:
            call(connected, "Fail", b"secret")
        assert (failure.value.code(), failure.value.details()) == (grpc.StatusCode.INTERNAL, "LookupError")
        assert call(connected, "Echo", b"alive") == b"alive"
    (line,) = running.logged()
    assert (line["@level"], line["@message"]) == ("error", "Fail failed")
    assert "LookupError" in line["traceback"]
    assert "sample_handler.py" in line["traceback"]
    assert "secret" not in running.log.read_text()


def test_compressed_messages_are_unimplemented(running: Provider) -> None:
    with channel(running) as connected:
        echo = connected.unary_unary("/tfplugin6.Provider/Echo")
        with pytest.raises(grpc.RpcError) as failure:
            echo(b"x" * 5000, timeout=TIMEOUT, compression=grpc.Compression.Gzip)
    assert failure.value.code() == grpc.StatusCode.UNIMPLEMENTED


@pytest.mark.parametrize("path", SILENT_STREAMS)
def test_what_go_plugin_opens_beside_the_provider_ends_well(running: Provider, path: str) -> None:
    with channel(running) as connected:
        assert list(connected.stream_stream(path)(iter(()), timeout=TIMEOUT)) == []


def test_shutdown_is_answered_and_ends_the_process_at_once(running: Provider) -> None:
    with channel(running) as connected:
        call(connected, "Echo")
        assert call(connected, "/plugin.GRPCController/Shutdown") == b""
        assert running.process.wait(timeout=TIMEOUT) == 0
    assert not os.path.exists(os.path.dirname(running.socket))  # noqa: PTH110, PTH120 - a path as text
    assert running.logged() == []


def test_shutdown_is_answered_when_the_calls_that_are_running_have_been(running: Provider) -> None:
    answered = []
    with channel(running) as connected:
        waiting = connected.unary_unary("/tfplugin6.Provider/Wait").future(b"")
        call(connected, "Echo")
        leaving = connected.unary_unary("/plugin.GRPCController/Shutdown").future(b"")
        waiting.add_done_callback(lambda _: answered.append("call"))
        leaving.add_done_callback(lambda _: answered.append("shutdown"))
        call(connected, "Release")
        assert (waiting.result(TIMEOUT), leaving.result(TIMEOUT)) == (b"waited", b"")
        assert running.process.wait(timeout=TIMEOUT) == 0
    assert answered == ["call", "shutdown"]
    assert running.logged() == []


def test_shutdown_does_not_wait_for_a_call_that_takes_long(running: Provider) -> None:
    with channel(running) as connected:
        waiting = connected.unary_unary("/tfplugin6.Provider/Wait").future(b"")
        call(connected, "Echo")
        assert call(connected, "/plugin.GRPCController/Shutdown") == b""
        assert running.process.wait(timeout=TIMEOUT) == 0
        assert waiting.exception().code() == grpc.StatusCode.UNAVAILABLE
    assert running.logged() == []


def test_a_client_that_leaves_after_shutdown_is_not_waited_for(running: Provider) -> None:
    with channel(running) as connected:
        waiting = connected.unary_unary("/tfplugin6.Provider/Wait").future(b"")
        call(connected, "Echo")
        leaving = connected.unary_unary("/plugin.GRPCController/Shutdown").future(b"")
        call(connected, "Echo")
        assert not waiting.done()
        assert not leaving.done()
    assert running.process.wait(timeout=TIMEOUT) == 0


def test_a_malformed_frame_closes_the_connection_and_no_other(running: Provider) -> None:
    with channel(running) as connected, connect(running) as broken:
        call(connected, "Echo")
        broken.sendall(frames.PREFACE + frames.settings({}) + frames.frame(frames.DATA, 0, 0))
        received = b""
        while part := broken.recv(1 << 16):
            received += part
        assert frames.goaway(0, frames.PROTOCOL_ERROR, "a frame on a stream where it has no place") in received
        assert call(connected, "Echo", b"alive") == b"alive"
    assert running.logged() == []


def test_a_peer_that_never_reads_is_read_no_more(running: Provider) -> None:
    """Pings are answered as long as somebody takes the answers; then the sender has to wait."""
    with connect(running) as flood, channel(running) as connected:
        flood.sendall(frames.PREFACE + frames.settings({}))
        flood.settimeout(0.5)
        with pytest.raises(TimeoutError):
            flood.sendall(frames.frame(frames.PING, 0, 0, bytes(8)) * 1_000_000)
        assert call(connected, "Echo", b"alive") == b"alive"


def test_a_channel_waits_either_to_write_or_to_read() -> None:
    near, far = socket.socketpair()
    with near, far:
        near.setblocking(False)
        far.setblocking(False)
        connected = server._Channel(near, None)
        assert connected.interest == select.POLLIN
        far.send(frames.PREFACE + frames.settings({}))
        for _ in range(10_000):
            with contextlib.suppress(BlockingIOError):
                far.send(frames.frame(frames.PING, 0, 0, bytes(8)) * 100)
            assert connected.receive() == []
            connected.flush()
            if connected.interest == select.POLLOUT:
                break
        assert connected.interest == select.POLLOUT
        while connected.interest == select.POLLOUT:
            far.recv(1 << 20)
            connected.flush()
        assert connected.interest == select.POLLIN


def test_more_connections_than_allowed_are_closed_and_the_others_served(running: Provider) -> None:
    with channel(running) as connected:
        call(connected, "Echo")
        crowd = [connect(running) for _ in range(80)]
        served = [connection.recv(1) != b"" for connection in crowd]
        assert (served[0], served[-1]) == (True, False)
        assert call(connected, "Echo", b"alive") == b"alive"
        for connection in crowd:
            connection.close()


@given(st.data())
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_random_bytes_never_hurt_the_process(running: Provider, draw: st.DataObject) -> None:
    session = frames.PREFACE + frames.settings({}) + frames.frame(frames.HEADERS, 5, 1, b"\x83\x86\x84")
    sent = bytearray(session + draw.draw(st.binary(max_size=100)))
    at = draw.draw(st.integers(0, len(sent)))
    sent[at : at + 2] = draw.draw(st.binary(max_size=3))
    with connect(running) as connection:
        connection.sendall(sent)
        connection.shutdown(1)
        received = b""
        try:
            while part := connection.recv(1 << 16):
                received += part
        except ConnectionError:
            received += b""
    assert len(received) < 2000
    assert running.process.poll() is None
    assert running.log.read_text() == ""


def test_the_largest_message_is_large_enough_for_terraform() -> None:
    assert ours.MAX_MESSAGE == 256 << 20
