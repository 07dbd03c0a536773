"""Connections that write all kinds of things at the same time, and go on where a service was killed and came back."""

import http.client
import itertools
import json
import random
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import date
from pathlib import Path
from typing import Any, Protocol

from tests.service.faults.calls import APPEND, PREFERENCE, PROFILE, REMOVE, Call, Log
from tests.service.faults.verdict import Kept
from tests.service.server import BASE, KEY, Answer, RunningService

ACTORS = tuple(f"actor-{number}" for number in range(50))
CONNECTIONS = 16
KEYED = 0.5
REPEATED = 0.3
_TIMEOUT_S = 30.0
_PATIENCE_S = 120.0
_UNAVAILABLE = 503
_PAUSE_S = 0.05
_LONGEST_OUTAGE_S = 120.0
_TIMEZONES = ("Europe/Lisbon", "America/Sao_Paulo", "Asia/Tokyo", "UTC")
_LOST = (OSError, http.client.HTTPException)


class Engine(Protocol):
    """A database that can be killed, and started again."""

    def stop(self) -> None: ...

    def start(self) -> None: ...


class Fleet:
    """Sixteen connections to the processes of a service on these ports."""

    def __init__(self, ports: Sequence[int], seed: int, actors: Sequence[str] = ACTORS) -> None:
        self.log = Log()
        self.actors = actors
        self._ports = ports
        self._seed = seed
        self._start = 0
        self._started = threading.Condition()
        self._over = threading.Event()
        self._pool = ThreadPoolExecutor(CONNECTIONS)
        self._running: list[Future[None]] = []

    def introduce(self) -> None:
        """Give each actor a profile, since a merge into none needs a name."""
        connection = _Connection(self, CONNECTIONS, self._seed)
        for actor in self.actors:
            connection.make(Call(CONNECTIONS, actor, PROFILE, "PUT", body={"names": [{"index": 0, "value": "Ana"}]}))
        connection.close()

    def sail(self, writes: int | None = None) -> None:
        """Begin to write; each connection makes its part of so many writes, or goes on until it is called back."""
        part = None if writes is None else -(-writes // CONNECTIONS)
        self._running = [self._pool.submit(self._write, number, part) for number in range(CONNECTIONS)]

    def outlive(self, engine: Engine, service: RunningService, kills: int, writes: range) -> None:
        """Write on while the database of a service is killed so often, each time after so many writes."""
        chance = random.Random(self._seed)
        self.sail()
        for _ in range(kills):
            self.log.wait_for(chance.choice(writes), _PATIENCE_S)
            engine.stop()
            assert service.call("GET", "/readyz").status == 503
            assert service.call("GET", "/healthz").status == 200
            engine.start()
        self.log.wait_for(writes.start, _PATIENCE_S)
        self.call_back()

    def call_back(self) -> None:
        """Let each connection end its call, and wait until it has."""
        self._over.set()
        self.wait()

    def wait(self) -> None:
        for running in self._running:
            running.result()
        self._pool.shutdown()

    def service_is_back(self) -> None:
        with self._started:
            self._start += 1
            self._started.notify_all()

    def _write(self, number: int, writes: int | None) -> None:
        connection = _Connection(self, number, self._seed)
        made = 0
        while not self._over.is_set() and (writes is None or made < writes):
            connection.make_next()
            made += 1
        connection.close()

    def reach(self, number: int) -> tuple[http.client.HTTPConnection, int]:
        """Return a connection to one of the processes, and which start of it that is."""
        port = self._ports[number % len(self._ports)]
        return http.client.HTTPConnection("127.0.0.1", port, timeout=_TIMEOUT_S), self._start

    def wait_for_another_start(self, start: int) -> None:
        with self._started:
            assert self._started.wait_for(lambda: self._start > start, _LONGEST_OUTAGE_S)


class _Connection:
    """One connection, which makes one call after the other; its number and the seed say which."""

    def __init__(self, fleet: Fleet, number: int, seed: int) -> None:
        self._fleet = fleet
        self._log = fleet.log
        self._number = number
        self._chance = random.Random(f"{seed} {number}")
        self._made = 0
        self._events: list[tuple[str, str]] = []
        self._http, self._start = fleet.reach(number)

    def close(self) -> None:
        self._http.close()

    def make_next(self) -> None:
        # Some actors are wanted by all, so that many calls meet at one of them.
        actor = self._chance.choice(self._fleet.actors[:2] if self._chance.random() < 0.3 else self._fleet.actors)
        ways: list[Callable[[str], None]] = [self._merge, self._patch, self._replace, self._prefer]
        ways += [self._append, self._append, self._remove]
        self._chance.choices(ways, [6, 1, 2, 3, 3, 3, 2])[0](actor)

    def make(self, call: Call) -> None:
        """Make a call; one whose answer is lost is made again if it has a key, and left unknown if it has none.

        An answer that the store is not available is as good as a lost one.
        """
        self._log.begin(call)
        while call.is_unknown:
            call.attempts += 1
            try:
                status, headers, answer = self._exchange(call)
            except _LOST:
                self._find_again()
            else:
                if status != _UNAVAILABLE:
                    self._log.end(call, status, headers, answer)
                    break
                time.sleep(_PAUSE_S)
            if "Idempotency-Key" not in call.headers:
                return
        if not (call.is_acknowledged or (call.status == 412 and "If-Match" in call.headers)):
            self._log.broken.append(f"{call.method} {call.path}: {call.status} {call.answer}")
        if "Idempotency-Key" in call.headers and self._chance.random() < REPEATED:
            self._repeat(call)

    def _repeat(self, call: Call) -> None:
        """Make a call again, and hold its answer against the first one."""
        try:
            status, headers, answer = self._exchange(call)
        except _LOST:
            self._find_again()
            return
        if status == _UNAVAILABLE:
            return
        call.is_repeated = True
        if (status, headers.get("etag", ""), answer) != (call.status, call.etag, call.answer):
            self._log.broken.append(f"{call.method} {call.path} was answered {call.status}, and repeated {status}")

    def _exchange(self, call: Call) -> tuple[int, dict[str, str], Any]:
        headers = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json", **call.headers}
        body = None if call.body is None else json.dumps(call.body).encode()
        begun = time.monotonic()
        self._http.request(call.method, f"{BASE}/profile/{call.actor}{call.path}", body, headers)
        answer = self._http.getresponse()
        content = answer.read()
        self._log.took(time.monotonic() - begun, answer.status)
        named = {name.lower(): value for name, value in answer.getheaders()}
        return answer.status, named, json.loads(content) if content else None

    def _find_again(self) -> None:
        self._http.close()
        self._fleet.wait_for_another_start(self._start)
        self._http, self._start = self._fleet.reach(self._number)

    def _call(self, actor: str, kind: str, method: str, path: str = "", body: object = None, match: str = "") -> Call:
        self._made += 1
        call = Call(self._number, actor, kind, method, path, body)
        if self._chance.random() < KEYED:
            call.headers["Idempotency-Key"] = f"{self._number}.{self._made}"
        if match:
            call.headers["If-Match"] = match
        self.make(call)
        return call

    def _unique_date(self) -> str:
        return date.fromordinal(700_000 + self._made * CONNECTIONS + self._number).isoformat()

    def _merge(self, actor: str) -> None:
        chance = self._chance
        parts: list[dict[str, Any]] = [
            {"names": [{"index": chance.randrange(6), "group": "callable", "value": f"{self._number}.{self._made}"}]},
            {"dates": [{"index": chance.randrange(6), "significance": "wedding", "value": self._unique_date()}]},
            # An answer does not tell the default from what nobody told, and so the default is never told.
            {"gender": chance.choice(["male", "female"])},
            {"pronoun": chance.choice(["he/him", "she/her", "they/them"])},
        ]
        first, second = chance.sample(parts, 2)
        self._call(actor, PROFILE, "PUT", body={**first, **second})

    def _patch(self, actor: str) -> None:
        patch = self._chance.choice([{"pronoun": None}, {"gender": None}, {"pronoun": "he/him", "gender": "male"}])
        self._call(actor, PROFILE, "PATCH", body=patch)

    def _replace(self, actor: str) -> None:
        """Replace the dates by what was just read and a change, again and again until nothing came between."""
        index = self._chance.randrange(6)
        while True:
            try:
                status, headers, profile = self._exchange(Call(self._number, actor, PROFILE, "GET"))
            except _LOST:
                self._find_again()
                continue
            if status == _UNAVAILABLE:
                time.sleep(_PAUSE_S)
                continue
            assert status == 200
            dates = [each for each in profile.get("dates", []) if each["index"] != index]
            if len(dates) % 2:
                dates.append({"index": index, "significance": "wedding", "value": self._unique_date()})
            call = self._call(actor, PROFILE, "PATCH", body={"dates": dates}, match=headers["etag"])
            if call.status != 412:
                return

    def _prefer(self, actor: str) -> None:
        kind, value = self._chance.choice(
            [("theme", self._chance.choice(["dark", "light"])), ("timezone", self._chance.choice(_TIMEZONES))]
        )
        self._call(actor, PREFERENCE, "PUT", f"/preferences/{kind}", {"type": kind, "value": value})

    def _append(self, actor: str) -> None:
        events = []
        for part in range(self._chance.choice([1, 1, 2, 5])):
            event = {"role": "user", "content": f"{self._number}.{self._made}.{part}"}
            if self._chance.random() < 0.5:
                event["event_id"] = f"e{event['content']}"
            events.append(event)
        call = self._call(actor, APPEND, "POST", "/history", {"events": events})
        if call.is_acknowledged:
            self._events += [(actor, event["event_id"]) for event in call.answer["events"]]

    def _remove(self, actor: str) -> None:
        if not self._events:
            return self._append(actor)
        whose, event_id = self._events.pop(self._chance.randrange(len(self._events)))
        self._call(whose, REMOVE, "DELETE", f"/history/{event_id}")
        return None


@contextmanager
def processes_on(database: str, folder: Path, many: int, module: str = "service") -> Iterator[list[RunningService]]:
    """Run so many processes on one database."""
    folders = [folder / str(number) for number in range(many)]
    for each in folders:
        each.mkdir()
    services = [RunningService(each, database=database, module=module) for each in folders]
    with ExitStack() as running, ThreadPoolExecutor(many) as threads:
        list(threads.map(running.enter_context, services))
        yield services


def kept_by(service: RunningService, actors: Sequence[str] = ACTORS) -> dict[str, Kept]:
    """Return what a service keeps of each actor."""
    return {actor: Kept(_resources(service, actor), history_of([service], actor)) for actor in actors}


def _read(service: RunningService, path: str) -> Answer:
    """Read, again as long as the store is not available, which a busy machine can be the reason of."""
    while (answer := service.get(path)).status == _UNAVAILABLE:
        time.sleep(_PAUSE_S)
    return answer


def _resources(service: RunningService, actor: str) -> dict[str, tuple[int, Any]]:
    found = {}
    for path in ("", "/preferences/theme", "/preferences/timezone"):
        answer = _read(service, f"{actor}{path}")
        if answer.status == 200:
            found[path] = (int(answer.headers["etag"].strip('"').rpartition(".")[2]), answer.json)
    return found


def history_of(services: Sequence[RunningService], actor: str, limit: int = 100) -> list[dict[str, Any]]:
    """Return the events of an actor, oldest first, in pages of so many, each from the next of the processes."""
    events: list[dict[str, Any]] = []
    query = f"order=oldest&limit={limit}"
    for service in itertools.cycle(services):
        page = _read(service, f"{actor}/history?{query}").json
        events += page["events"]
        if "next" not in page:
            break
        query = f"order=oldest&limit={limit}&cursor={page['next']}"
    return events
