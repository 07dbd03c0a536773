"""Documents of actors with anything in them that a store may keep."""

import unicodedata
from typing import Any

import orjson
from hypothesis import strategies as st

from service.personalization.reading import _trimmed
from service.personalization.times import recorded
from tests.service.context.actors import HOSTILE, STRINGS

ACTOR = "a"
_MOMENTS = st.integers(-(10**12), 250_000_000_000_000).map(recorded)
_IDS = st.from_regex(r"[A-Za-z0-9._:\-]{1,128}", fullmatch=True)


def _as_stored(text: str) -> str:
    return unicodedata.normalize("NFC", _trimmed(unicodedata.normalize("NFC", text)))


CONTENTS = STRINGS.map(lambda text: _as_stored(text.replace("\x00", ""))).filter(bool)
_WORDS = (
    st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), max_size=40)
    .map(_as_stored)
    .filter(lambda text: 0 < len(text) <= 256)
)
_PLACES = st.integers(0, 9_999)


def _entries(kinds: st.SearchStrategy[str], kind: str, values: st.SearchStrategy[str]) -> Any:
    keys = st.lists(st.tuples(kinds, _PLACES), min_size=1, max_size=4, unique=True).map(sorted)
    return keys.flatmap(
        lambda found: st.tuples(
            *(
                st.builds(lambda value, key=key: {kind: key[0], "index": key[1], "value": value}, values)
                for key in found
            )
        ).map(list)
    )


_FIELDS = st.sampled_from(["names", "gender", "pronoun", "dates"])
_PROFILES = st.fixed_dictionaries(
    {"names": _entries(st.sampled_from(["callable", "real"]), "group", _WORDS)},
    optional={
        "gender": st.sampled_from(["male", "female", "other"]),
        "pronoun": st.sampled_from(["he/him", "she/her", "they/them", "other"]),
        "dates": _entries(
            st.sampled_from(["birth", "wedding", "graduated"]),
            "significance",
            st.dates().map(lambda day: day.isoformat()),
        ),
        "meta": st.dictionaries(_FIELDS, _MOMENTS).map(lambda times: {"changed_at": times}),
    },
)
_STORABLE = STRINGS.map(lambda text: text.replace("\x00", ""))
_VALUES: Any = st.recursive(
    st.one_of(
        st.booleans(), st.integers(-(2**53) + 1, 2**53 - 1), st.floats(allow_nan=False, allow_infinity=False), _STORABLE
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(_STORABLE, inner, max_size=3)),
    max_leaves=5,
).filter(lambda value: value != [] and not (isinstance(value, str) and not _trimmed(value)))
_KNOWN = st.sampled_from(
    [{"type": "theme", "value": "dark"}, {"type": "region", "value": {"code": "BR", "name": "Brazil"}}]
)
_PREFERENCES = st.lists(
    st.one_of(
        _KNOWN,
        st.builds(lambda name, value: {"type": f"x.{name}", "value": value}, _IDS.map(lambda i: i[:60]), _VALUES),
    ),
    max_size=4,
    unique_by=lambda preference: preference["type"],
).map(lambda preferences: sorted(preferences, key=lambda preference: preference["type"]))
_EVENTS = st.lists(
    st.fixed_dictionaries(
        {
            "role": st.sampled_from(["user", "assistant", "tool"]),
            "content": CONTENTS,
            "event_id": _IDS,
            "received_at": _MOMENTS,
        },
        optional={
            "thread": _IDS,
            "time": st.datetimes().map(lambda time: f"{time.isoformat()}Z"),
        },
    ),
    max_size=8,
    unique_by=lambda event: event["event_id"],
)
_ALIASES = st.lists(
    st.text(
        st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="/\ufffd"), min_size=1, max_size=20
    ).filter(lambda actor: actor not in {ACTOR, ".", ".."}),
    max_size=2,
    unique=True,
)
DOCUMENTS = st.fixed_dictionaries(
    {
        "actor_id": st.just(ACTOR),
        "aliases": _ALIASES,
        "consent": st.just({"status": "given"}) | _MOMENTS.map(lambda since: {"since": since, "status": "withdrawn"}),
        "format": st.just(1),
        "history": _EVENTS,
        "preferences": _PREFERENCES,
    },
    optional={"profile": _PROFILES},
)


def as_bytes(document: Any) -> bytes:
    return orjson.dumps(document, option=orjson.OPT_SORT_KEYS)


def document(events: int = 0, **members: Any) -> dict[str, Any]:
    """Return a document with so many events, and with these members."""
    history = [
        {
            "role": "user",
            "content": _as_stored(HOSTILE[number % len(HOSTILE)]) or "x",
            "event_id": f"m-{number}",
            "received_at": recorded(1_700_000_000_000 + number),
        }
        for number in range(events)
    ]
    empty = {"actor_id": ACTOR, "aliases": [], "consent": {"status": "given"}, "format": 1, "preferences": []}
    return {**empty, "history": history, **members}
