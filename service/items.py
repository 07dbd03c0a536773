"""The items of an actor: what a rule asks of whatever keeps them.

A rule reads a few items of one actor in one consistent state, or changes at most MAX_CHANGES of them at once, decided
on what is stored. Every kind of store can do that, so rules are written against these protocols, never against a
database.
"""

from collections.abc import Callable
from typing import NamedTuple, Protocol, TypeVar

_T = TypeVar("_T")

MAX_CHANGES = 92
"""How many items one write may change: what the narrowest kind of store does in one transaction, 100, less what it
changes beside them."""

MAX_DOCUMENT = 400_000
"""How many bytes a document may have: what the narrowest kind of store keeps as one item, 400 KiB, less its keys."""

MAX_STORED = 3_000_000
"""How many bytes of documents one write may store: what the narrowest kind of store takes in one transaction, 4 MiB as
JSON, in which bytes take a third more, less what is beside them."""

MARKS = "mark/"
"""Keys that begin with this outlive the actor: their items lie where only a keyed hash of the actor leads."""

ERASED = MARKS + "erasure"
"""The key of the mark that says which erasure of the actor came last: its id, as a JSON string."""

CONSENT = MARKS + "consent"
"""The key of the mark of a withdrawal of consent: since when, as a JSON object."""

ALL_KEYS = ("", "~")
"""A range of keys with every item of an actor but the marks: the characters of keys all come before the tilde."""

KEPT = ("event/", "preference/", "profile")
"""Keys that begin with one of these make an actor: such items are what is kept of somebody, and never expire.

The others say how it is kept, such as answers to retries, which stay for a day when all else is gone.
"""

BEHIND = "\x01"
"""Makes of a key a bound just behind it: less than each character of a key, and unlike NUL, every store takes it."""


class Item(NamedTuple):
    """A version of a document.

    Attributes:
        key: its name among the actor's items, in ASCII, such as `preference/language`.
        life: a random id of this life of the item, from its creation to its deletion.
        version: counts the changes in this life, from 1.
        document: canonical JSON; equal content is equal bytes.

    """

    key: str
    life: str
    version: int
    document: bytes


class Items(Protocol):
    """The items of one actor, as they were at one moment."""

    def get(self, key: str) -> Item | None:
        """Return the item with this key, or None."""

    def get_all(self, *keys: str) -> list[Item | None]:
        """Return the items with these keys, None for each that is not there; a few cost about as much as one."""

    def scan(self, first: str, last: str, limit: int, *, newest_first: bool = False) -> list[Item]:
        """Return at most `limit` items with `first <= key < last`, in the order of their keys' bytes.

        With `newest_first` the order is reversed, so that the limit keeps the last ones.
        """


def keeps_actor(items: Items) -> bool:
    """Return whether there is something among the items that makes an actor."""
    # The characters of keys all come before the tilde.
    return any(items.scan(kind, f"{kind}~", 1) for kind in KEPT)


class Changes(Items, Protocol):
    """The items of one actor, to be changed all at once or not at all; what was changed is read back."""

    def put(self, key: str, document: bytes, *, expires: int | None = None) -> Item:
        """Store a document; one that is equal to the stored one changes neither life nor version.

        Args:
            key: the item's key.
            document: canonical JSON.
            expires: the time, in seconds since the epoch, from which on the item is gone; None for never.

        """

    def delete(self, key: str) -> None:
        """Remove an item, if it is there; one that is stored again in the same change begins a new life."""

    def schedule(self, work: str, at: int = 0) -> None:
        """Have background work done on this actor.

        It is recorded with the change itself, and survives a crash. Work that is scheduled already keeps the earlier of
        the two times.

        Args:
            work: one of the kinds of work that the store was given.
            at: the time, in seconds since the epoch, before which it need not be done; 0 for soon.

        """

    def unschedule(self, work: str | None = None) -> None:
        """Take one kind of work from what is to be done on this actor, or all work, also of kinds that nobody knows."""


class StoreUnavailableError(Exception):
    """The store did not do what was asked, and acknowledged nothing; asking again later may help."""


class TenantFullError(Exception):
    """The write would give the tenant one more actor than it can have, and nothing was done."""


class ItemStore(Protocol):
    """The items of each actor of each tenant, to be read and changed."""

    def get(self, tenant: str, actor: str, *keys: str) -> list[Item | None]:
        """Return the items with these keys, as they were at one moment: the shortest way to read a few.

        Raises:
            StoreUnavailableError: the store could not be read.

        """

    def read(self, tenant: str, actor: str, view: Callable[[Items], _T]) -> _T:
        """Return what a view makes of an actor's items as they were at one moment.

        The view may be called several times, and has no effects.

        Raises:
            StoreUnavailableError: the store could not be read.

        """

    def write(self, tenant: str, actor: str, change: Callable[[Changes], _T]) -> _T:
        """Change an actor's items in one atomic step on what is stored, durably, before this returns.

        The change may be called several times, and has no other effect than on the items; it does not call the store.

        Returns:
            What the change returned.

        Raises:
            StoreUnavailableError: nothing was acknowledged.
            TenantFullError: there would be one actor too many, in a store that was given a limit; see `Store`.
            ValueError: it changes more than MAX_CHANGES items, or stores more than MAX_DOCUMENT or MAX_STORED allow.

        What the change raises is raised, and nothing was changed.

        """


Work = Callable[[Changes], int | None]
"""One step of background work on an actor, as one change.

It returns the time of the next step, in seconds since the epoch (0 for soon, in the same round; a time that has passed
waits for the next round), or None when the work is done.
"""
