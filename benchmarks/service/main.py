"""How fast the service is beside a bare Flask view on the same server, on a small store, and beside Kinto.

Everything is measured side by side: each round runs every contender once, every other round in reverse, so that
whatever else the machine does falls on all of them alike. Only ratios taken within one run mean anything.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Protocol

from benchmarks.goals import Goal, goal_line, goals_table
from benchmarks.processes import Cores, choose_cores, family, other_work, resident_bytes, usage
from benchmarks.servers import Server, ServerError
from benchmarks.service import kinto, population, servers
from benchmarks.service.load import Client, Request, Run
from benchmarks.service.results import core_rates, rates, rates_table
from benchmarks.service.servers import KEY
from tools.progress import StepError

PATH: Final = "/internal/personalization/profile/actor-{actor}"
CONTEXT: Final = "/context?budget=4000"
CONTEXT_ANEW: Final = "/context?budget={budget}"
"""Contexts that were not asked for before, as when the conversation goes on between two of them."""

FEW: Final = 1_000
"""How many actors the small store has, and how many records Kinto."""

MANY: Final = 1_000_000
"""How many actors and requests the goals ask for."""

TRIES: Final = 3
"""How often a run is tried that turns out void."""

MIX: Final = (8, 1, 1)
"""How many of ten requests read a profile, change one, and read a context while the memory is watched."""

BARE, GET, PUT = "bare view", "GET profile", "PUT profile"
AGAIN, ANEW = "GET context, 20 events, again", "GET context, 20 events, anew"
GET_FEW, KINTO_GET, KINTO_PUT = "GET profile, small store", "Kinto, GET record", "Kinto, PUT record"
NAMES: Final = (BARE, GET, PUT, AGAIN, ANEW, GET_FEW, KINTO_GET, KINTO_PUT)
GOALS: Final = (
    Goal("GET profile / bare view", GET, BARE, least=0.85),
    Goal("durable PUT profile / bare view", PUT, BARE, least=0.30),
    Goal("GET context with 20 events, again / bare view", AGAIN, BARE, least=0.60),
    Goal("GET context with 20 events, anew / bare view", ANEW, BARE, least=0.60),
    Goal("time of a GET profile / time of one in the small store", GET_FEW, GET, most=1.3),
    Goal("GET profile / GET record of Kinto", GET, KINTO_GET, least=6),
    Goal("durable PUT profile / PUT record of Kinto, which keeps it in memory", PUT, KINTO_PUT, least=5),
)
MOST_GROWTH: Final = 1.1
"""How much memory the service may have after all requests, in proportion to that after the first hundredth."""


@dataclass(frozen=True, slots=True)
class Options:
    """What is measured, and for how long.

    Attributes:
        rounds: how many rounds.
        seconds: how long each run takes.
        actors: how many actors the store has.
        requests: how many requests are sent while the memory is watched, None for as many as actors.
        connections: how many connections the client keeps busy.
        warm_up: how many seconds the client sends before it measures, at each run.

    """

    rounds: int = 5
    seconds: float = 5
    actors: int = MANY
    requests: int | None = None
    connections: int = 16
    warm_up: int = 1

    @property
    def all_requests(self) -> int:
        """Return how many requests are sent while the memory is watched."""
        return self.requests or self.actors


class Runner(Protocol):
    """Something that is measured."""

    def run(self, client: Client, seconds: float) -> Run:
        """Keep it busy for so long."""


@dataclass(frozen=True, slots=True)
class Contender:
    """One request, sent to one server as fast as it is answered.

    Attributes:
        server: the server.
        request: the request.
        borne: the status of a failure that makes no run void, though it does not count as an answer; empty for none.

    """

    server: Server
    request: Request
    borne: str = ""

    def run(self, client: Client, seconds: float) -> Run:
        """See `Runner.run`."""
        run = client.run(self.server, [self.request], {"duration": seconds})
        if not self.borne:
            return run
        return replace(run, failures={what: n for what, n in run.failures.items() if not what.endswith(self.borne)})


def main(options: Options) -> int:
    """Measure and print the tables; returns 1 when something could not be measured."""
    cores = choose_cores()
    if cores == Cores():
        print("Client and server are not pinned to two cores: they disturb each other.", file=sys.stderr)
    before = usage()
    client = Client(cores.client, options.connections, options.warm_up)
    folder = run_folder()
    try:
        with _contenders(folder, options, cores) as contenders:
            rounds = measure(NAMES, contenders, client, options)
        memory = _memory(folder, options, client, cores)
    finally:
        shutil.rmtree(folder)
    _say("")
    others = other_work(before, usage(), os.cpu_count() or 1)
    goals = goals_table(GOALS, rates(rounds), core_rates(rounds))
    print("\n".join((_what_was_run(options, others), "", *rates_table(rounds), "", *goals)))
    print(memory_line(memory))
    return 0 if memory and all(run for runs in rounds.values() for run in runs) else 1


def _what_was_run(options: Options, others: float | None) -> str:
    numbers = (
        f"{options.actors:,} actors",
        f"{options.connections} connections",
        f"{options.rounds} rounds of {options.seconds:g} s",
        f"{options.all_requests:,} requests for the memory",
    )
    busy = "" if others is None else f" Other work took {others:.0%} of the machine's cores."
    return f"{', '.join(numbers)}.{busy}"


def run_folder() -> Path:
    """Make a folder below the checkout: a folder for temporary files may lie in memory, where nothing is durable."""
    population.FOLDER.mkdir(parents=True, exist_ok=True)
    return Path(tempfile.mkdtemp(prefix="run-", dir=population.FOLDER))


@contextmanager
def _contenders(folder: Path, options: Options, cores: Cores) -> Iterator[Mapping[str, Contender]]:
    """Start all servers; those that are not measured idle."""
    small = folder / "small"
    small.mkdir()
    few = min(FEW, options.actors)
    with ExitStack() as stack:
        bare = stack.enter_context(servers.bare_view(folder, cores.server))
        ours = stack.enter_context(servers.our_service(folder, population.prepared(options.actors), cores.server))
        few_ours = stack.enter_context(servers.our_service(small, population.prepared(few), cores.server))
        _prove_equal(bare, ours, few_ours)
        get, put, context = our_requests(options.actors)
        contenders = {
            BARE: Contender(bare, get),
            GET: Contender(ours, get),
            PUT: Contender(ours, put),
            AGAIN: Contender(ours, replace(context, actors=few)),
            ANEW: Contender(ours, replace(context, path=PATH + CONTEXT_ANEW)),
            GET_FEW: Contender(few_ours, replace(get, actors=few)),
        }
        contenders |= kinto_contenders(stack, folder, put, few, cores.server)
        yield contenders


def our_requests(actors: int) -> tuple[Request, Request, Request]:
    """Return what is sent to the service: to read a profile, to change one, and to read a context with all events."""
    headers = {"Authorization": f"Bearer {KEY}"}
    changed = population.profile(0)
    changed["names"][0]["value"] = "Callable {value}"
    get = Request("GET", PATH, actors, headers)
    return (
        get,
        replace(get, method="PUT", headers={**headers, "Content-Type": "application/json"}, body=json.dumps(changed)),
        replace(get, path=PATH + CONTEXT, actors=min(actors, population.MOST_WITH_HISTORY)),
    )


def kinto_contenders(
    stack: ExitStack, folder: Path, put: Request, records: int, core: int | None, database: str | None = None
) -> dict[str, Contender]:
    """Start Kinto, and return what reads its records and what changes them as `put` does; nothing where it cannot."""
    try:
        server = stack.enter_context(kinto.kinto(folder, records, core, database))
    except (StepError, ServerError, subprocess.CalledProcessError) as error:
        print(f"Kinto is left out: {error}", file=sys.stderr)
        return {}
    get = Request("GET", f"{kinto.RECORDS}/actor-{{actor}}", records, kinto.HEADERS)
    headers = {**get.headers, "Content-Type": "application/json"}
    changed = replace(get, method="PUT", headers=headers, body=json.dumps({"data": json.loads(put.body)}))
    # Of two writes that meet on PostgreSQL it answers one so.
    return {KINTO_GET: Contender(server, get), KINTO_PUT: Contender(server, changed, borne="status 409")}


def _prove_equal(*contenders: Server) -> None:
    """See that everyone answers the same profile, and that a context of ours has all events.

    Raises:
        ServerError: it is not so.

    """
    get, _, context = our_requests(1)
    answers = [server.call("GET", get.path.format(actor=f"{0:07d}"), get.headers) for server in contenders]
    if any(answer != population.profile(0) for answer in answers):
        raise ServerError(f"not everyone answers the same profile: {answers}")
    turns = contenders[-1].call("GET", context.path.format(actor=f"{0:07d}"), context.headers)["turns"]
    if turns != population.EVENTS:
        raise ServerError(f"a context has {turns} events")


def measure(
    names: Sequence[str], contenders: Mapping[str, Runner], client: Client, options: Options
) -> dict[str, list[Run | None]]:
    """Run every contender once a round, every other round in reverse."""
    rounds: dict[str, list[Run | None]] = {name: [] for name in names}
    for round_ in range(options.rounds):
        for name in names[:: 1 if round_ % 2 == 0 else -1]:
            _say(f"round {round_ + 1} of {options.rounds}: {name}")
            contender = contenders.get(name)
            rounds[name].append(_tried(name, contender, client, options.seconds) if contender else None)
    return rounds


def _tried(name: str, contender: Runner, client: Client, seconds: float) -> Run | None:
    for _ in range(TRIES):
        run = contender.run(client, seconds)
        why = run.why_void()
        if why is None:
            return run
        print(f"void: {name}: {why}", file=sys.stderr)
    return None


def _memory(folder: Path, options: Options, client: Client, cores: Cores) -> dict[int, int]:
    """Return the memory of a worker in bytes, by after how many requests; nothing where it is not known."""
    kinds = zip(our_requests(options.actors), MIX, strict=True)
    requests = [replace(request, share=share) for request, share in kinds]
    first = max(options.all_requests // 100, options.connections)
    sizes: dict[int, int] = {}
    with servers.our_service(folder, population.prepared(options.actors), cores.server) as ours:
        for amount in (first, max(options.all_requests - first, options.connections)):
            _say(f"{amount:,} requests of all kinds")
            run = client.run(ours, requests, {"amount": amount})
            if why := run.why_void():
                print(f"void: memory: {why}", file=sys.stderr)
                return {}
            sizes[sum(sizes) + amount] = max(map(resident_bytes, family(ours.pid)))
    return sizes if all(sizes.values()) else {}


def memory_line(sizes: Mapping[int, int]) -> str:
    """Return the line of the goal of the memory, in bytes by after how many requests."""
    if not sizes:
        return goal_line(Goal("memory", "", "", most=MOST_GROWTH), [])
    before, after = sizes.values()
    texts = [f"{requests:,} requests ({size / 1e6:.0f} MB)" for requests, size in list(sizes.items())[::-1]]
    return goal_line(Goal(f"memory after {' / after '.join(texts)}", "", "", most=MOST_GROWTH), [after / before])


def _say(what: str) -> None:
    if sys.stderr.isatty():
        print(f"\r\x1b[K{what}", end="", file=sys.stderr, flush=True)
