"""Nothing personal outside the store: whatever is sent, what the server prints names nobody."""

from pathlib import Path

from tests.service.server import BASE, KEY, RunningService, head

CANARIES = ("canary@example.com", "canary%40example.com", "Canarina", "Kanarek", "1977-07-17", "canary-life", KEY)


def test_what_the_server_prints_names_nobody(tmp_path: Path) -> None:
    names = {"names": [{"index": 0, "value": "Canarina"}]}
    date = {"dates": [{"index": 0, "significance": "birth", "value": "1977-07-17"}]}
    with RunningService(tmp_path) as service:
        service.put("canary%40example.com", names | date)
        service.get("canary%40example.com")
        service.get("canary%40example.com", headers={"If-Match": '"canary-life.1"'})
        service.get("canary%40example.com", key=KEY + "x")
        service.put("canary%40example.com", {"names": "Canarina Kanarek", "Kanarek": 1})
        service.put("canary%40example.com", b'{"Canarina": "Kanarek"')
        service.put("canary%40example.com", b'{"Canarina": 1, "Canarina": 2}')
        service.call("GET", f"{BASE}/profile/canary%40example.com/Canarina")
        service.call("DELETE", f"{BASE}/profile/canary%40example.com")
        service.exchange(head("GET", f"{BASE}/profile/canary%40example.com%FF"))
        service.exchange(head("GET", f"{BASE}/profile/canary%40example.com{'a' * 70_000}"))
        service.exchange(b"Canarina Kanarek\r\n\r\n")
        service.store.unlink()
        assert service.put("canary%40example.com", names | {"gender": "female"}).status == 503
        service.stop()
    printed = service.rest_of_output.decode() + service.errors.read_text()
    assert "the store is not available" in printed
    assert not [canary for canary in CANARIES if canary in printed]


def test_the_key_is_in_no_list_of_processes(service: RunningService) -> None:
    for pid in (service.process.pid, service.worker_pid):
        for name in ("cmdline", "environ"):
            assert KEY.encode() not in Path(f"/proc/{pid}/{name}").read_bytes()
