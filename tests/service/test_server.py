"""The real server over real sockets: starting, stopping, and each of granian's traps."""

import http.client
import json
import os
import signal
import socket
import stat
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import pytest

from hosting.server import STOP_TIMEOUT_S
from tests.service.server import BASE, KEY, RunningService, head, receive, wait_until_gone

BODY = b'{"names": [{"index": 0, "value": "Ana"}]}'
PROFILE_A = f"{BASE}/profile/a"
JSON = "Content-Type: application/json"


def test_it_says_in_one_line_where_it_listens_and_is_the_start_that_was_asked_for(tmp_path: Path) -> None:
    with RunningService(tmp_path) as service:
        assert service.printed == f"listening on http://127.0.0.1:{service.port}"
        assert service.ready == {
            "status": "ready",
            "instance": "this-start",
            "version": "0.1.0",
            "pid": service.process.pid,
        }
        service.stop()
    assert service.rest_of_output == b""


def test_logs_are_json_lines_on_stderr(service: RunningService) -> None:
    lines = [json.loads(line) for line in service.errors.read_text().splitlines()]
    assert lines
    assert all({"time", "level", "logger", "message"} <= line.keys() for line in lines)


def test_the_log_says_what_happens_and_nothing_else(tmp_path: Path) -> None:
    with RunningService(tmp_path) as service:
        service.stop()
    text = service.errors.read_text()
    assert "the worker has stopped" in text
    assert "warning" not in text
    assert "see ya" not in text


def test_what_is_answered_last_is_in_the_log(tmp_path: Path) -> None:
    with RunningService(tmp_path) as service:
        service.call("GET", f"{BASE}/whoami")
        service.stop()
    assert '"operation":"get-credential","status":200' in service.errors.read_text()


def test_it_says_at_the_start_that_nobody_has_access(tmp_path: Path) -> None:
    with RunningService(tmp_path, key=None) as service:
        assert "only credentials in the store are accepted" in service.errors.read_text()
        assert service.call("GET", f"{BASE}/whoami").status == 401


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_finishes_the_requests_in_flight_and_takes_no_more(tmp_path: Path, number: signal.Signals) -> None:
    with RunningService(tmp_path) as service, service.connect() as in_flight:
        in_flight.sendall(head("PUT", PROFILE_A, JSON, f"Content-Length: {len(BODY)}") + BODY[:5])
        service.call("GET", "/healthz")
        service.process.send_signal(number)
        while service.errors.read_text().count("Shutting down") == 0:
            os.sched_yield()
        in_flight.sendall(BODY[5:])
        assert receive(in_flight).status == 201
        assert service.process.wait(30) == 0
        with pytest.raises(ConnectionRefusedError):
            service.connect()
    assert {file.name for file in service.store.parent.iterdir()} == {service.store.name, service.store.name + ".lock"}


def test_a_stalled_request_does_not_keep_it_from_stopping(tmp_path: Path) -> None:
    with RunningService(tmp_path) as service, service.connect() as stalled:
        stalled.sendall(head("PUT", PROFILE_A, JSON, f"Content-Length: {len(BODY)}") + BODY[:5])
        service.call("GET", "/healthz")
        begun = time.monotonic()
        assert service.stop() == 0
        assert time.monotonic() - begun < STOP_TIMEOUT_S + 3


def test_a_stop_while_the_worker_loads_is_not_lost(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "service",
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--store",
        f"sqlite:{tmp_path}/p.db",
    ]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        assert process.stderr is not None
        while b"Spawning worker" not in process.stderr.readline():
            pass
        begun = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
        assert time.monotonic() - begun < STOP_TIMEOUT_S


def test_killing_the_main_process_ends_the_worker_at_once(tmp_path: Path) -> None:
    with RunningService(tmp_path) as service:
        worker = service.worker_pid
        assert worker != service.process.pid
        service.process.kill()
        service.process.wait(10)
        assert wait_until_gone(worker, timeout=1)


def test_killing_the_worker_ends_the_main_process(tmp_path: Path) -> None:
    with RunningService(tmp_path) as service:
        os.kill(service.worker_pid, signal.SIGKILL)
        assert service.process.wait(10) == 1


def test_after_killing_everything_the_same_port_and_file_work_at_once(tmp_path: Path) -> None:
    with RunningService(tmp_path) as first:
        first.put("a", json.loads(BODY))
        with first.connect() as lingering:
            lingering.sendall(head("GET", "/healthz"))
            receive(lingering)
            first.kill_group()
        with RunningService(tmp_path, port=first.port) as second:
            assert second.port == first.port
            assert second.get("a").status == 200


def test_a_second_start_on_the_data_file_says_who_holds_it(service: RunningService) -> None:
    refused = _start("--listen", "127.0.0.1:0", "--store", f"sqlite:{service.store}")
    assert refused.returncode == 1
    assert refused.stdout == b""
    assert f"is served by process {service.worker_pid}".encode() in refused.stderr
    assert service.call("GET", "/readyz").json == service.ready


def test_a_second_start_on_the_port_is_refused(service: RunningService, tmp_path: Path) -> None:
    refused = _start("--listen", f"127.0.0.1:{service.port}", "--store", f"sqlite:{tmp_path}/new/other.db")
    assert refused.returncode == 1
    said = f"personalization: The address 127.0.0.1:{service.port} cannot be listened on: Address already in use.\n"
    assert refused.stderr.decode() == said
    assert not (tmp_path / "new").exists()


def test_a_port_that_others_share_is_refused(tmp_path: Path) -> None:
    with socket.socket() as shared:
        shared.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        shared.bind(("127.0.0.1", 0))
        shared.listen()
        refused = _start("--listen", f"127.0.0.1:{shared.getsockname()[1]}", "--store", f"sqlite:{tmp_path}/p.db")
    assert refused.returncode == 1


def test_a_file_that_is_not_ours_is_refused_with_a_reason(tmp_path: Path) -> None:
    (tmp_path / "p.db").write_bytes(b"something else" * 500)
    refused = _start("--listen", "127.0.0.1:0", "--store", f"sqlite:{tmp_path}/p.db")
    assert refused.returncode == 1
    said = f"personalization: The data file {tmp_path}/p.db cannot be used: it is not an SQLite file.\n"
    assert refused.stderr.decode() == said
    assert [file.name for file in tmp_path.iterdir()] == ["p.db"]


@pytest.mark.parametrize("umask", [0o000, 0o777])
def test_folder_and_files_are_private_whatever_the_umask(tmp_path: Path, umask: int) -> None:
    with RunningService(tmp_path, umask=umask) as service:
        assert service.put("a", json.loads(BODY)).status == 201
        assert {stat.S_IMODE(file.stat().st_mode) for file in service.store.parent.iterdir()} == {0o600}
        assert stat.S_IMODE(service.store.parent.stat().st_mode) == 0o700


def test_a_variable_of_the_environment_is_no_header(tmp_path: Path) -> None:
    planted = {
        "HTTP_AUTHORIZATION": f"Bearer {KEY}",
        "HTTP_IF_NONE_MATCH": "*",
        "CONTENT_TYPE": "application/json",
        "CONTENT_LENGTH": "5",
    }
    with RunningService(tmp_path, environment=planted) as service:
        assert service.call("GET", f"{BASE}/whoami", key=None).status == 401
        assert service.put("a", json.loads(BODY)).status == 201
        assert service.put("a", json.loads(BODY)).status == 200
        assert service.exchange(head("PUT", PROFILE_A) + BODY[:5]).status == 415
        assert service.exchange(head("PUT", PROFILE_A, JSON) + BODY[:5]).status == 411


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        (f"{BASE}/profile/a%2Fb", 404, "route_not_found"),
        (f"{BASE}/profile/%FF", 400, "invalid_path"),
        (f"{BASE}/profile/%ED%A0%80", 400, "invalid_path"),
        (f"{BASE}/profile/%EF%BF%BD", 400, "invalid_actor_id"),
        (f"{BASE}/profile/%00", 400, "invalid_actor_id"),
        (f"{BASE}/profile/..", 400, "invalid_actor_id"),
        (f"{BASE}/profile/%2E%2E", 400, "invalid_actor_id"),
        (f"{BASE}/profile/{'a' * 257}", 400, "invalid_actor_id"),
        (f"{BASE}//whoami", 404, "route_not_found"),
        (f"/{BASE}/whoami", 404, "route_not_found"),
        (f"{BASE}/profile//a", 404, "route_not_found"),
        ("*", 404, "route_not_found"),
    ],
)
def test_a_path_is_never_read_as_another(service: RunningService, path: str, status: int, code: str) -> None:
    for method in ("GET", "PUT"):
        answer = service.exchange(head(method, path, JSON, f"Content-Length: {len(BODY)}") + BODY)
        assert (answer.status, answer.json["code"]) == (status, code)
        assert "location" not in answer.headers


def test_a_path_that_is_too_long_for_the_server_is_refused(service: RunningService) -> None:
    assert service.exchange(head("GET", f"{BASE}/profile/{'a' * 70_000}")).status == 414


@pytest.mark.parametrize(
    ("lines", "body", "status", "code"),
    [
        (["Transfer-Encoding: chunked"], b"%x\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY), 411, "length_required"),
        (["Transfer-Encoding: chunked"], b"20000\r\n" + b" " * 0x20000 + b"\r\n0\r\n\r\n", 411, "length_required"),
        (["Transfer-Encoding: chunked", "Content-Length: 5"], b"0\r\n\r\n", 411, "length_required"),
        ([], b"", 411, "length_required"),
        (["Content-Length: 0"], b"", 400, "malformed_json"),
        (["Content-Length: 65537"], BODY + b" " * (65_537 - len(BODY)), 413, "body_too_large"),
    ],
)
def test_a_body_comes_whole_or_not_at_all(
    service: RunningService, lines: list[str], body: bytes, status: int, code: str
) -> None:
    path = f"{BASE}/profile/whole-or-not"
    answer = service.exchange(head("PUT", path, JSON, *lines) + body)
    assert (answer.status, answer.json["code"]) == (status, code)
    assert service.get("whole-or-not").status == 404


def test_a_body_whose_sender_stops_is_not_taken(service: RunningService) -> None:
    request = head("PUT", f"{BASE}/profile/stopped", JSON, f"Content-Length: {len(BODY) + 1}") + BODY
    # The server may find the connection closed before it has sent the answer.
    with suppress(http.client.RemoteDisconnected, ConnectionResetError):
        answer = service.exchange(request, end=True)
        assert (answer.status, answer.json["code"]) == (400, "incomplete_body")
    assert service.get("stopped").status == 404


def test_a_body_that_comes_in_pieces_is_read_whole(service: RunningService) -> None:
    with service.connect() as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.sendall(head("PUT", f"{BASE}/profile/pieces", JSON, f"Content-Length: {len(BODY)}"))
        for byte in BODY:
            connection.sendall(bytes([byte]))
        assert receive(connection).status == 201


def test_headers_that_come_twice_are_both_heeded(service: RunningService) -> None:
    service.put("twice", json.loads(BODY))
    tag = service.get("twice").headers["etag"]
    request = head("GET", f"{BASE}/profile/twice", 'If-None-Match: "other"', f"If-None-Match: {tag}")
    assert service.exchange(request).status == 304
    assert service.exchange(head("GET", f"{BASE}/whoami", "Authorization: Bearer other")).status == 401


def test_forty_slow_bodies_do_not_keep_others_waiting(service: RunningService) -> None:
    with ExitStack() as slow:
        for _ in range(40):
            connection = slow.enter_context(service.connect())
            connection.sendall(head("PUT", PROFILE_A, JSON, "Content-Length: 100", "Expect: 100-continue"))
            # It comes when the body is asked for, which is when a thread waits for it.
            assert connection.recv(100).startswith(b"HTTP/1.1 100 ")
        assert service.call("GET", f"{BASE}/whoami").status == 200


def test_a_slow_head_is_given_up(service: RunningService) -> None:
    with service.connect() as connection:
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost:")
        assert connection.recv(100) == b""


@pytest.mark.parametrize("lines", [["Upgrade: websocket", "Connection: Upgrade"], ["Expect: 100-continue"]])
def test_requests_for_something_else_are_answered(service: RunningService, lines: list[str]) -> None:
    assert service.exchange(head("GET", f"{BASE}/whoami", *lines)).status in {200, 404}


def test_answers_on_a_kept_connection_do_not_wait_for_acknowledgements(service: RunningService) -> None:
    with service.connect() as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        slow = 0
        for _ in range(100):
            begun = time.monotonic()
            connection.sendall(head("GET", f"{BASE}/whoami"))
            receive(connection)
            slow += time.monotonic() - begun > 0.035
    assert slow < 10


def test_head_and_not_modified_have_no_body_on_the_wire(service: RunningService) -> None:
    service.put("wire", json.loads(BODY))
    get = service.get("wire")
    answer = service.call("HEAD", f"{BASE}/profile/wire")
    assert (answer.status, answer.body) == (200, b"")
    assert answer.headers["content-length"] == get.headers["content-length"]
    with service.connect() as connection:
        for _ in range(2):
            connection.sendall(head("GET", f"{BASE}/profile/wire", f"If-None-Match: {get.headers['etag']}"))
            assert receive(connection).status == 304


def test_readiness_ends_when_the_data_file_goes(tmp_path: Path) -> None:
    with RunningService(tmp_path) as service:
        service.put("a", json.loads(BODY))
        service.store.unlink()
        answer = service.call("GET", "/readyz")
        assert (answer.status, answer.json["parts"]) == (503, {"store": "the data file was removed or replaced"})
        refused = service.put("a", {"gender": "female"})
        assert (refused.status, refused.json["code"]) == (503, "store_unavailable")
        assert service.call("GET", "/healthz").status == 200


ROOMY = {"PERSONALIZATION_MAX_NAMES": "999"}


def test_two_hundred_concurrent_writes_of_one_actor_are_all_in_the_profile(tmp_path: Path) -> None:
    fields: list[dict[str, Any]] = [
        {"gender": "female"},
        {"pronoun": "she/her"},
        *({"dates": [{"index": i, "significance": "wedding", "value": f"20{i:02}-01-01"}]} for i in range(48)),
        *({"names": [{"index": i, "group": "callable", "value": f"call {i}"}]} for i in range(50)),
        *({"names": [{"index": i, "group": "real", "value": f"name {i}"}]} for i in range(1, 101)),
    ]
    assert len(fields) == 200
    with RunningService(tmp_path, environment=ROOMY) as service:
        service.put("many", {"names": [{"index": 0, "value": "Ana"}]})
        with ThreadPoolExecutor(16) as connections:
            statuses = set(connections.map(lambda body: service.put("many", body).status, fields))
        answer = service.get("many")
    assert statuses == {200}
    profile = answer.json
    assert (profile["gender"], profile["pronoun"]) == ("female", "she/her")
    assert {(n["group"], n["index"], n["value"]) for n in profile["names"]} == (
        {("real", 0, "Ana")}
        | {("callable", i, f"call {i}") for i in range(50)}
        | {("real", i, f"name {i}") for i in range(1, 101)}
    )
    assert {(d["index"], d["value"]) for d in profile["dates"]} == {(i, f"20{i:02}-01-01") for i in range(48)}
    assert answer.headers["etag"].endswith('.201"')


def _start(*options: str) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "service", "serve", *options]
    return subprocess.run(command, capture_output=True, timeout=30, check=False)
