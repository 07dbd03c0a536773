"""How fast the service is on PostgreSQL, beside Kinto on the same server, and beside the bare statements.

The server runs on the core of those that it serves, keeps to fsync, and its core time counts as theirs.
"""

import json
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import psycopg

from benchmarks.goals import Goal, goals_table
from benchmarks.processes import Cores, choose_cores, cpu_seconds, family, running_on
from benchmarks.service import population, servers
from benchmarks.service.load import Client, Run
from benchmarks.service.main import (
    GET,
    KINTO_GET,
    KINTO_PUT,
    PUT,
    Contender,
    Options,
    kinto_contenders,
    measure,
    our_requests,
    run_folder,
)
from benchmarks.service.results import core_rates, rates, rates_table
from service.storage.migrating import migrate, open_side
from tests.support.postgresql import running

SELECT, UPSERT = "bare SELECT", "bare INSERT … ON CONFLICT"
NAMES: Final = (GET, PUT, KINTO_GET, KINTO_PUT, SELECT, UPSERT)
GOALS: Final = (
    Goal("GET profile / GET record of Kinto, both on PostgreSQL", GET, KINTO_GET, least=12),
    Goal("PUT profile / PUT record of Kinto, both on PostgreSQL", PUT, KINTO_PUT, least=14),
    Goal("GET profile / bare SELECT of one connection", GET, SELECT),
    Goal("PUT profile / bare INSERT … ON CONFLICT of one connection", PUT, UPSERT),
)
_SELECT = "SELECT document FROM profile WHERE id = %s"
_UPSERT = "INSERT INTO profile VALUES (%s, %s) ON CONFLICT (id) DO UPDATE SET document = excluded.document"
_MAKE = "CREATE TABLE profile (id text PRIMARY KEY, document bytea NOT NULL)"


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement that one connection executes over and over, prepared."""

    address: str
    statement: str
    core: int | None
    database: int

    def run(self, _client: Client, seconds: float) -> Run:
        """Execute it for so long, once at least."""
        with running_on(self.core), psycopg.connect(self.address, autocommit=True, prepare_threshold=0) as connection:
            used, begun, took, count = self._used(), time.monotonic(), 0.0, 0
            while took < seconds:
                connection.execute(self.statement.encode(), _values(self.statement, count))
                count, took = count + 1, time.monotonic() - begun
            return Run(count, {}, took, 0.0, (self._used() - used) / took)

    def _used(self) -> float:
        return time.process_time() + sum(cpu_seconds(family(self.database)).values())


def _values(statement: str, number: int) -> tuple[object, ...]:
    id_ = population.actor(number % 1_000)
    return (id_,) if statement == _SELECT else (id_, json.dumps(population.profile(number)).encode())


def main(options: Options) -> int:
    """Measure and print the tables; returns 1 when something could not be measured."""
    cores = choose_cores()
    client = Client(cores.client, options.connections, options.warm_up)
    folder = run_folder()
    try:
        with _contenders(folder, options, cores) as contenders:
            rounds = measure(NAMES, contenders, client, options)
    finally:
        shutil.rmtree(folder)
    what = f"{options.actors:,} actors, {options.connections} connections"
    print(f"{what}, {options.rounds} rounds of {options.seconds:g} s.")
    print("\n".join(("", *rates_table(rounds), "", *goals_table(GOALS, rates(rounds), core_rates(rounds)))))
    return 0 if all(run for runs in rounds.values() for run in runs) else 1


@contextmanager
def _contenders(folder: Path, options: Options, cores: Cores) -> Iterator[Mapping[str, Contender | Statement]]:
    with ExitStack() as stack:
        with running_on(cores.server):
            server = stack.enter_context(running(fsync="on"))
        addresses = [server.address(stack.enter_context(server.database())) for _ in range(3)]
        _fill(folder, addresses[0], options.actors)
        ours = stack.enter_context(servers.service_at(folder, addresses[0], cores.server))
        get, put, _ = our_requests(options.actors)
        few = min(options.actors, 1_000)
        with psycopg.connect(addresses[2]) as connection:
            connection.execute(_MAKE)
            for number in range(1_000):
                connection.execute(_UPSERT, _values(_UPSERT, number))
        contenders = {
            GET: Contender(ours, get),
            PUT: Contender(ours, put),
            **kinto_contenders(stack, folder, put, few, cores.server, addresses[1]),
        }
        yield {
            SELECT: Statement(addresses[2], _SELECT, cores.server, server.pid),
            UPSERT: Statement(addresses[2], _UPSERT, cores.server, server.pid),
            **{name: _with_database(contender, server.pid) for name, contender in contenders.items()},
        }


def _with_database(contender: Contender, database: int) -> Contender:
    return replace(contender, server=replace(contender.server, database=database))


def _fill(folder: Path, address: str, actors: int) -> None:
    # A migration makes files beside its source.
    copy = shutil.copyfile(population.prepared(actors), folder / "source.db")
    with open_side(copy, is_source=True) as source, open_side(address, is_source=False) as target:
        migrate(source, target, lambda _count: None)
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")
