"""`personalization migrate`."""

import argparse
from contextlib import ExitStack
from typing import Any

from hosting.printing import print_json, print_text
from hosting.progress import show, waiting
from service.commands.outcome import CommandError
from service.settings import STORE, ConfigurationError, read_place
from service.storage import Place, StoreUnavailableError
from service.storage.migrating import MigrationError, Side, compare, migrate, open_side
from service.storage.opening import CannotOpenError, saying_why


def add(commands: Any) -> None:
    """Declare the command."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "migrate",
        help="copy all that a store holds into another one, while neither is served",
        description="Copy all that a store holds into another one, of any kind, while neither is served: people, "
        "consent, credentials, keys, scheduled work, and the versions that ETags name. The source stays as it is. A "
        "copy that was cut off goes on where it was when the command is run again. In the end both are compared.",
    )
    for option, help_ in (("--from", "the store that is copied"), ("--to", "an empty store, or a copy to go on with")):
        parser.add_argument(option, metavar="STORE", required=True, help=f"{help_}; in the form of {STORE.option}")
    parser.add_argument("--json", action="store_true", help="print one JSON object with counts and sha256")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Migrate a store.

    Raises:
        ConfigurationError: a store is not named as one is.
        CommandError: not everything was copied, or not known to be.

    """
    source_place, target_place = (read_place(f"--{name}", getattr(options, name)) for name in ("from", "to"))
    if source_place == target_place:
        raise ConfigurationError("--to: it is the store that --from names; name another one")
    try:
        with ExitStack() as opened:
            source = _open(opened, source_place, is_source=True)
            target = _open(opened, target_place, is_source=False)
            migrate(source, target, _tell)
            with waiting("comparing both stores"):
                report = compare(source, target)
    except (CannotOpenError, MigrationError) as error:
        raise CommandError(str(error)) from None
    except StoreUnavailableError as error:
        raise CommandError(f"The copy was cut off: {error}. What was copied is there; run the command again.") from None
    finally:
        show("")
    if options.json:
        print_json({"counts": report.counts, "sha256": report.digest})
        return
    for name, count in report.counts.items():
        print_text(f"{name}: {count}")
    print_text(f"sha256: {report.digest}")


def _open(opened: ExitStack, place: Place, *, is_source: bool) -> Side:
    with waiting("waiting for a store"), saying_why(place):
        return opened.enter_context(open_side(place, is_source=is_source))


def _tell(copied: int) -> None:
    """Tell who looks on how far the copy is."""
    show(f"copied {copied} rows")
