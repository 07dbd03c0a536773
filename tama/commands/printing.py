"""What commands print."""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any


def table(title: str, columns: tuple[str, ...], rows: Iterable[dict[str, Any]]) -> str:
    """Some fields of objects as a table with a title."""
    heading = [column.removesuffix("_state").replace("_id", "").replace("_", " ").upper() for column in columns]
    lines = [heading, *([_cell(row, column) for column in columns] for row in rows)]
    if len(lines) == 1:
        return f"{title}: none"
    widths = [max(len(line[index]) for line in lines) for index in range(len(columns))]
    padded = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines]
    return "\n  ".join([title, *padded])


def _cell(row: dict[str, Any], column: str) -> str:
    text = str(row.get(column, ""))
    if column == "current_state" and "reason" in row:
        text = f"{text}: {row['reason']}"
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)


def print_json(value: object) -> None:
    """Print one line of JSON."""
    import json  # noqa: PLC0415 - help needs none

    print_text(json.dumps(value, ensure_ascii=False))


def print_text(text: str) -> None:
    """Print a text and a line's end."""
    # Half a surrogate pair has no UTF-8 form; the escape that takes its place is the one of JSON.
    sys.stdout.buffer.write(text.encode(errors="backslashreplace") + b"\n")
    sys.stdout.buffer.flush()
