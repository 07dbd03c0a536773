"""What commands print."""

from __future__ import annotations

import os
import sys
import unicodedata

from hosting.outcome import FailedError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

_MARGIN = _GAP = 2
_NARROWEST = 8
_BOLD, _PLAIN = "\x1b[1m", "\x1b[0m"


def table(title: str, columns: tuple[str, ...], rows: Iterable[dict[str, Any]]) -> str:
    """Some fields of objects as a table with a title.

    On a terminal it is as wide as that at most. Where the first column, which holds ids, leaves no room for the others,
    each field has a line of its own.
    """
    heading = [column.removesuffix("_state").replace("_id", "").replace("_", " ").upper() for column in columns]
    lines = [[_cell(row, column) for column in columns] for row in rows]
    if not lines:
        return f"{_strong(title)}: none"
    room = _terminal_width()
    natural = [max(_width(line[index]) for line in [heading, *lines]) for index in range(len(columns))]
    widths = natural if room is None else _fitted(natural, columns, room)
    if widths is None:
        return f"{_strong(title)}\n" + "\n\n".join(_record(heading, line, room or 0) for line in lines)
    return f"\n{' ' * _MARGIN}".join([_strong(title), *(_row(line, widths) for line in [heading, *lines])])


def print_json(value: object, indent: int | None = None) -> None:
    """Print JSON: one line, or more with an indentation."""
    import json  # noqa: PLC0415 - help needs none

    print_text(json.dumps(value, ensure_ascii=False, indent=indent))


def print_text(text: str) -> None:
    """Print a text and a line's end.

    Raises:
        FailedError: it cannot be written, as when the disk is full.
    """
    try:
        # Half a surrogate pair has no UTF-8 form; the escape that takes its place is the one of JSON.
        sys.stdout.buffer.write(text.encode(errors="backslashreplace") + b"\n")
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise FailedError(f"The output cannot be written: {error.strerror}.") from None


def _cell(row: dict[str, Any], column: str) -> str:
    value = row.get(column, "")
    text = str(value).lower() if isinstance(value, bool) else str(value)
    if column == "current_state" and "reason" in row:
        text = f"{text}: {row['reason']}"
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)


def _terminal_width() -> int | None:
    """How many columns the terminal has that is printed to; None for no terminal, or one that does not say."""
    return os.get_terminal_size(sys.stdout.fileno()).columns or None if sys.stdout.isatty() else None


def _fitted(widths: list[int], columns: tuple[str, ...], room: int) -> list[int] | None:
    """The widths of columns, all but the first cut until they fit, ids before words; None where they never do."""
    fitted = list(widths)
    excess = _MARGIN + sum(fitted) + _GAP * (len(fitted) - 1) - room
    for _ in range(excess):
        wide = [index for index in range(1, len(fitted)) if fitted[index] > _NARROWEST]
        if not wide:
            return None
        fitted[max(wide, key=lambda index: (columns[index].endswith("_id"), fitted[index]))] -= 1
    return fitted


def _row(cells: list[str], widths: list[int]) -> str:
    return (" " * _GAP).join(_padded(cell, width) for cell, width in zip(cells, widths, strict=True)).rstrip()


def _record(heading: list[str], cells: list[str], room: int) -> str:
    """The fields of one object below one another, all but the first cut."""
    named = max(map(len, heading))
    cut = max(room - _MARGIN - named - _GAP, _NARROWEST)
    widths = [max(cut, _width(cells[0])), *[cut] * (len(cells) - 1)]
    fields = zip(heading, cells, widths, strict=True)
    return "\n".join(" " * _MARGIN + _row([name, cell], [named, width]) for name, cell, width in fields)


def _padded(text: str, width: int) -> str:
    """A text of exactly that width on a terminal, cut where it is longer."""
    if _width(text) > width:
        while _width(text) >= width:
            text = text[:-1]
        text += "…"
    return text + " " * (width - _width(text))


def _width(text: str) -> int:
    """How many columns of a terminal a text takes."""
    if text.isascii():
        return len(text)
    return sum(0 if unicodedata.combining(one) else 1 + (unicodedata.east_asian_width(one) in "WF") for one in text)


def _strong(title: str) -> str:
    """A title, bold on a terminal that may show it so.

    Source: no-color.org.
    """
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb" or not sys.stdout.isatty()
    return title if plain else f"{_BOLD}{title}{_PLAIN}"
