"""`tama graph`."""

from __future__ import annotations

from hosting.outcome import FailedError, UnusableError
from hosting.printing import print_text
from tama.commands.reaching import OURS, WHOLE_S, add_base_url, reached

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from typing import Any

    from tama.graph.model import Graph

_DESCRIPTION = """\
Draw spaces as boxes, with their specifications, actions and classes in them, and bridges as arrows. The
same objects yield the same bytes."""

_SHOWN = "`terraform show -json plan.bin` prints one"


def add(commands: Any) -> None:
    """Declare the command."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "graph", help="draw spaces and bridges, or what a plan does to them", description=_DESCRIPTION
    )
    parser.add_argument(
        "--from-plan",
        metavar="FILE",
        help="draw what a plan of Terraform would add, change, replace and remove, which needs no control plane;"
        f" {_SHOWN}; - reads the standard input",
    )
    parser.add_argument("--format", choices=("svg", "mermaid"), default="svg", help="what is written; by default svg")
    parser.add_argument("--output", metavar="FILE", help="where it is written; by default the standard output")
    add_base_url(parser)
    parser.set_defaults(command=run)


def run(options: argparse.Namespace) -> None:
    """Draw the graph."""
    if options.from_plan is not None and options.base_url is not None:
        raise UnusableError("Give --from-plan or --base-url, not both: a plan holds all that is drawn of it.")
    graph = _planned(options.from_plan) if options.from_plan is not None else _held(options)
    drawn = _drawn(graph, options.format)
    if options.output is None:
        print_text(drawn.removesuffix("\n"))
        return
    try:
        with open(options.output, "w", encoding="utf-8") as file:  # noqa: PTH123 - help needs no pathlib
            file.write(drawn)
    except OSError as error:
        raise FailedError(f"'{options.output}' cannot be written: {error.strerror}.") from None


def _held(options: argparse.Namespace) -> Graph:
    """What a control plane holds."""
    from tama.graph.objects import from_objects  # noqa: PLC0415 - help needs none

    with reached(options, timeout=WHOLE_S) as client:
        return from_objects(client.request("GET", f"{OURS}/objects"))


def _planned(file: str) -> Graph:
    """What a plan would make.

    Raises:
        UnusableError: there is no plan in the file.
    """
    from tama.commands.json_text import content, parsed  # noqa: PLC0415 - help needs none
    from tama.graph.plan import BadPlan, from_plan  # noqa: PLC0415 - as above

    try:
        return from_plan(parsed(content(file), "The plan", _SHOWN))
    except BadPlan as error:
        raise UnusableError(f"The plan cannot be read: {error}; {_SHOWN}.") from None


def _drawn(graph: Graph, format_: str) -> str:
    if format_ == "mermaid":
        from tama.graph.mermaid import mermaid  # noqa: PLC0415 - help needs none

        return mermaid(graph)
    from tama.graph.svg import svg  # noqa: PLC0415 - as above

    return svg(graph)
