"""`make bench`: run the benchmarks and print their tables; `BENCH="--rounds 5"` passes options."""

import argparse
import math
import signal
import sys
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path

from benchmarks.provider import main as provider
from benchmarks.provider.terraform import CommandError
from benchmarks.servers import ServerError
from benchmarks.service import database
from benchmarks.service import main as service
from benchmarks.service.load import LoadError
from tools import progress

PARTS = ("service", "provider")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the parts that are asked for, and return 1 when something of them could not be measured."""
    options = make_parser().parse_args(arguments)
    parts = options.parts or PARTS
    status = 0
    if "service" in parts:
        given = {field.name: getattr(options, field.name) for field in fields(service.Options)}
        chosen = service.Options(**{name: value for name, value in given.items() if value is not None})
        try:
            status = (database if options.store == "postgresql" else service).main(chosen)
        except (LoadError, ServerError) as error:
            print(f"The service could not be measured: {error}", file=sys.stderr)
            status = 1
    if "provider" in parts:
        rounds = options.rounds or provider.Options().rounds
        try:
            provider.main(provider.Options(rounds, options.beside, options.short))
        except (CommandError, ServerError) as error:
            print(f"The provider could not be measured: {error}", file=sys.stderr)
            status = 1
    return status


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    default = service.Options()
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("parts", nargs="*", type=_part, metavar="PART", help="service or provider; both when none is")
    parser.add_argument(
        "--rounds",
        type=_count,
        help=f"measured rounds (default: service {default.rounds}, provider {provider.Options().rounds})",
    )
    of_service = parser.add_argument_group("service")
    of_service.add_argument(
        "--store",
        choices=("sqlite", "postgresql"),
        default="sqlite",
        help="what it is measured on (default: %(default)s)",
    )
    of_service.add_argument("--seconds", type=_length, help=f"of each run (default: {default.seconds:g})")
    of_service.add_argument(
        "--warm-up", type=int, metavar="SECONDS", help=f"before each run, not measured (default: {default.warm_up})"
    )
    of_service.add_argument("--actors", type=_count, help=f"how many the store has (default: {default.actors})")
    of_service.add_argument(
        "--requests", type=_count, help="how many are sent while the memory is watched (default: as many as actors)"
    )
    of_service.add_argument(
        "--connections", type=_count, help=f"how many the client keeps busy (default: {default.connections})"
    )
    of_provider = parser.add_argument_group("provider")
    of_provider.add_argument(
        "--beside", type=Path, action="append", default=[], help="another provider's executable, to measure too"
    )
    of_provider.add_argument("--short", action="store_true", help="leave out 1,000 and 5,000 spaces")
    return parser


def _part(text: str) -> str:
    if text not in PARTS:
        raise argparse.ArgumentTypeError(f"it must be one of {', '.join(PARTS)}")
    return text


def _count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("it must be at least 1")
    return number


def _length(text: str) -> float:
    seconds = float(text)
    if not 0 < seconds < math.inf:
        raise argparse.ArgumentTypeError("it must be a number of seconds above 0")
    return seconds


if __name__ == "__main__":
    # What was started is in sessions of its own, and would stay when this process just ended.
    signal.signal(signal.SIGTERM, lambda number, _frame: sys.exit(128 + number))
    sys.exit(progress.main(main))
