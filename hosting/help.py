"""The help of commands."""

from __future__ import annotations

import argparse
from itertools import groupby


class HelpFormatter(argparse.HelpFormatter):
    """Help whose sentences fit the terminal; lines that are indented, such as examples, stay as they are."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        """Lay out a description or an epilog, as argparse asks for it."""
        laid_out: list[str] = []
        for as_it_is, group in groupby(text.splitlines(), lambda line: not line or line.startswith(" ")):
            lines = list(group)
            laid_out += lines if as_it_is else [super()._fill_text("\n".join(lines), width, indent)]
        return "\n".join(laid_out)
