"""How long a text is for a language model.

Counters agree on one thing that a context relies on: a text made of whole lines is as long as its lines together, when
no line begins with white space or a slash. So a text is counted as a whole by counting its lines, and a line that was
counted once need not be counted again. For bytes that is plain. `o200k_base` splits a text by an expression without
look-behind before it joins bytes to tokens; no piece goes on after a line feed unless line feeds, other white space or
slashes follow, and no token reaches over the end of a piece. Of other parts than these, counts do not add up.
"""

import importlib.machinery
import importlib.util
from functools import cache
from typing import Any, Protocol

PACKAGE = "bpe_openai"
ENCODING = "o200k_base"


class Counter(Protocol):
    """Counts the tokens of a text."""

    @property
    def name(self) -> str:
        """What it counts, as answers name it."""

    def count(self, text: str) -> int:
        """Return how many there are; special tokens such as `<|endoftext|>` count as the text that they are."""


class Bytes:
    """Counts bytes of UTF-8, of which a text never has fewer than tokens: the bound without a tokenizer."""

    name = "bytes"

    def count(self, text: str) -> int:
        """See `Counter.count`."""
        return len(text.encode())


class Tokens:
    """Counts the tokens of `o200k_base`.

    Args:
        tokenizer: one of the package `bpe-openai`.

    """

    name = ENCODING

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer

    def count(self, text: str) -> int:
        """See `Counter.count`."""
        counted: int = self._tokenizer.count(text)
        return counted


@cache
def load_counter() -> Counter:
    """Return the counter of this installation: tokens where the package is installed, else bytes. Takes 0.1 s, once."""
    package = importlib.util.find_spec(PACKAGE)
    if package is None:
        return Bytes()
    # The package's own import builds every table that it has in Python, for 1 s and 70 MB, and its extension has them.
    found = importlib.machinery.PathFinder.find_spec(f"{PACKAGE}._bindings", package.submodule_search_locations)
    if found is None or found.loader is None:
        raise ImportError(f"{PACKAGE} is installed without its tokenizer")
    bindings = importlib.util.module_from_spec(found)
    found.loader.exec_module(bindings)
    return Tokens(bindings.tokenizer_for_encoding(ENCODING))
