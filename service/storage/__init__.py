"""Where profiles are kept: one interface, and what is true behind it whatever the database is."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol


class StoreUnavailableError(Exception):
    """The store did not do what was asked, and acknowledged nothing; asking again later may help."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A version of a document.

    Attributes:
        life: a random id of this life of the document, from its creation to its deletion.
        version: counts the changes in this life, from 1.
        document: canonical JSON; equal content is equal bytes.

    """

    life: str
    version: int
    document: bytes


Change = Callable[[Stored | None], bytes]
"""From the stored version, None when there is none, to the new document.

It may be called several times, must have no effect of its own, and may raise to leave everything as it is.
"""


class Store(Protocol):
    """A place that keeps one document for each actor of each tenant."""

    def read(self, tenant: str, actor: str) -> Stored | None:
        """Return the last acknowledged version, or None.

        Raises:
            StoreUnavailableError: the store could not be read.

        """

    def write(self, tenant: str, actor: str, change: Change) -> Stored:
        """Change a document in one atomic step on its stored version, durably, before this returns.

        A change that results in the same document changes nothing: life and version stay.

        Returns:
            The version that is stored now; version 1 only where this call created it.

        Raises:
            StoreUnavailableError: nothing was acknowledged.

        What the change raises is raised, and nothing was changed.

        """

    def trouble(self) -> str | None:
        """Return why the store cannot serve, in words that name nothing personal; None when it can."""

    def close(self) -> None:
        """Finish what was begun, and let go of everything."""
