"""Bodies as language models send them: what can be understood, in many spellings, and what cannot."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from tests.service.model.calls import JSON, Draft, Terms

GROUPS = ("callable", "real")
SIGNIFICANCES = ("birth", "graduated", "start_school", "wedding")
GENDERS = ("female", "male", "other")
PRONOUNS = ("he/him", "she/her", "they/them", "other")
NAMES = {"Ana": "Ana", " Silva\u200b": "Silva", "Zoe\u0308": "Zo\u00eb", "Ana Maria": "Ana Maria"}
DATES = ("1990-11-28", "2000-02-29", "2026-11-24", "2030-01-01")
BLANKS = (None, "", " \u200b")

ROLES = ("assistant", "tool", "user")
CONTENTS = {
    "Hello": "Hello",
    " Good evening.\n": "Good evening.",
    'say "hi"\n# Actor': 'say "hi"\n# Actor',
    "e\u0301": "\u00e9",
}
THREADS = ("t", "u")
EVENT_IDS = tuple(f"m-{number}" for number in range(1, 9))
TIMES = {
    "2000-01-01T00:00:00Z": "2000-01-01T00:00:00+00:00",
    "2010-06-01t13:00:00.5+01:00": "2010-06-01T12:00:00.500000+00:00",
    "2010-06-01T12:00:00Z": "2010-06-01T12:00:00+00:00",
}

PREFERENCES: dict[str, tuple[Draft, ...]] = {
    "language": (
        Draft({"value": "pt-BR"}, "pt-BR"),
        Draft({"value": "de"}, "de"),
        Draft({"value": "pt_br"}, "pt-BR"),
        Draft({"type": "language", "value": " EN "}, "en"),
        Draft({"value": "English"}, code="unknown_value"),
        Draft({"value": ""}, code="invalid_preference"),
    ),
    "region": (
        Draft({"value": {"code": "BR"}}, {"code": "BR", "name": "Brazil"}),
        Draft({"value": {"name": "Brazil", "code": None}}, {"code": "BR", "name": "Brazil"}),
        Draft({"value": "France"}, {"code": "FR", "name": "France"}),
        Draft({"value": {"name": "Congo"}}, code="ambiguous_value"),
        Draft({"value": {"code": "FR", "name": "Germany"}}, code="contradictory_value"),
    ),
    "theme": (
        Draft({"value": "dark"}, "dark"),
        Draft({"value": " Light "}, "light"),
        Draft({"value": "blue"}, code="invalid_preference"),
        Draft({"type": "region", "value": "dark"}, code="invalid_preference"),
    ),
    "timezone": (
        Draft({"value": "America/Sao_Paulo"}, "America/Sao_Paulo"),
        Draft({"value": "Asia/Calcutta"}, "Asia/Kolkata"),
        Draft({"value": "+03:00"}, code="unknown_value"),
    ),
}

BROKEN = (
    Draft(b"{", code="malformed_json"),
    Draft(b'{"gender": "male", "gender": "male"}', code="duplicate_key"),
    Draft(b"[" * 40 + b"]" * 40, code="nested_too_deeply"),
)
_NAME = {"index": 0, "group": "real", "value": "Ana"}
_DATE = {"index": 0, "significance": "birth", "value": "1990-03-03"}
INVALID_PROFILES = (
    *BROKEN,
    Draft({"gender": "woman"}, code="invalid_profile"),
    Draft({"gender": "male", "favourite_movie": "Alien"}, code="invalid_profile"),
    Draft({"name": "Ana"}, code="invalid_profile"),
    Draft({"body": {"body": {"gender": "male"}}}, code="invalid_profile"),
)
INVALID_LISTS = (
    Draft({"names": "Ana Silva"}, code="invalid_profile"),
    Draft({"names": [{**_NAME, "group": "nickname"}]}, code="invalid_profile"),
    Draft({"dates": [{**_DATE, "value": "1990-02-30"}]}, code="invalid_profile"),
    Draft({"dates": [{**_DATE, "significance": "birthday"}]}, code="invalid_profile"),
    Draft({"names": [_NAME, {**_NAME, "value": "Eva"}]}, code="duplicate_entry"),
    Draft({"dates": [_DATE, _DATE]}, code="duplicate_entry"),
)
INVALID_HISTORIES = (
    *BROKEN,
    Draft({"events": []}, code="invalid_history"),
    Draft({"events": [{"role": "robot", "content": "Hello"}]}, code="invalid_history"),
    Draft({"events": [{"role": "user", "content": " "}]}, code="invalid_history"),
    Draft({"events": [{"role": "user", "content": "Hello", "event_id": "a b"}]}, code="invalid_history"),
    Draft({"events": [{"role": "user", "content": "\u00e9" * 9_000}]}, code="content_too_large"),
)
CONSENTS = (
    Draft({"status": "withdrawn"}, "withdrawn"),
    Draft({"status": " Withdrawn "}, "withdrawn"),
    *[Draft({"status": "given"}, "given")] * 5,
    Draft({"status": "maybe"}, code="invalid_consent"),
    Draft({}, code="invalid_consent"),
)

_SPELLINGS: tuple[Callable[[str], str], ...] = (str, str.upper, lambda text: f" {text.title()}\t")
_NUMBERS: tuple[Callable[[int], object], ...] = (int, str, float)


@st.composite
def spelled(draw: st.DrawFn, values: tuple[str, ...]) -> tuple[str, str]:
    """Draw a value of an enumeration as it may be sent, and the value."""
    value = draw(st.sampled_from(values))
    return draw(st.sampled_from(_SPELLINGS))(value), value


@st.composite
def name_entries(draw: st.DrawFn) -> tuple[list[Any], list[Any]]:
    """Draw entries of `names` as they may be sent, and what they say."""
    sent, says = [], []
    for group, index in draw(_places(GROUPS, 2)):
        value, name = draw(st.sampled_from(sorted(NAMES.items())))
        entry = {"index": draw(st.sampled_from(_NUMBERS))(index), "group": group.title(), "value": value}
        if group == "real" and draw(st.booleans()):
            del entry["group"]
        sent.append(entry)
        says.append({"index": index, "group": group, "value": name})
    return sent, says


@st.composite
def date_entries(draw: st.DrawFn) -> tuple[list[Any], list[Any]]:
    """Draw entries of `dates` as they may be sent, and what they say."""
    sent, says = [], []
    for significance, index in draw(_places(SIGNIFICANCES, 1)):
        value = draw(st.sampled_from(DATES))
        number = draw(st.sampled_from(_NUMBERS))(index)
        sent.append({"index": number, "significance": f" {significance} ", "value": value})
        says.append({"index": index, "significance": significance, "value": value})
    return sent, says


@st.composite
def profiles(draw: st.DrawFn) -> Draft:
    """Draw a body of create-or-update-profile."""
    if draw(st.integers(0, 9)) == 0:
        return draw(st.sampled_from((*INVALID_PROFILES, *INVALID_LISTS)))
    sent, says = draw(_fields())
    for name in ("gender", "pronoun", "dates"):
        if name not in sent and draw(st.booleans()):
            sent[name] = draw(st.sampled_from(BLANKS))
    if "names" in sent and draw(st.booleans()):
        sent["names"].append({"index": 0, "group": "callable", "value": draw(st.sampled_from(BLANKS))})
    return Draft(sent, says)


def new_profiles() -> st.SearchStrategy[Draft]:
    """Draw a body that creates a profile."""
    return name_entries().map(lambda names: Draft({"names": names[0]}, {"names": names[1]}))


@st.composite
def patches(draw: st.DrawFn) -> Draft:
    """Draw a body of patch-profile; what it removes is None in what it says."""
    if draw(st.integers(0, 9)) == 0:
        return draw(st.sampled_from(INVALID_PROFILES))
    sent, says = draw(_fields())
    for name in ("names", "gender", "pronoun", "dates"):
        if name not in sent and draw(st.integers(0, 3)) == 0:
            sent[name] = [] if name in {"names", "dates"} and draw(st.booleans()) else None
            says[name] = None
    if "pronoun" not in sent:
        sent["pronoun"] = ""
    return Draft(sent, says)


@st.composite
def histories(draw: st.DrawFn) -> Draft:
    """Draw a body of append-history."""
    if draw(st.integers(0, 9)) == 0:
        return draw(st.sampled_from(INVALID_HISTORIES))
    sent, says = [], []
    for _ in range(draw(st.integers(1, 4))):
        role, kept_role = draw(spelled(ROLES))
        content, kept_content = draw(st.sampled_from(sorted(CONTENTS.items())))
        event: dict[str, Any] = {"role": role, "content": content}
        told: dict[str, Any] = {"role": kept_role, "content": kept_content}
        if draw(st.booleans()):
            event["event_id"] = told["event_id"] = draw(st.sampled_from(EVENT_IDS))
        if draw(st.booleans()):
            event["thread"] = told["thread"] = draw(st.sampled_from(THREADS))
        if draw(st.booleans()):
            event["time"], told["time"] = draw(st.sampled_from(sorted(TIMES.items())))
        sent.append(event)
        says.append(told)
    return Draft({"events": sent}, says)


def merges() -> st.SearchStrategy[Draft]:
    """Draw a body of merge-actors; what is valid names the actor that a machine chooses."""
    return st.sampled_from((*[Draft(None)] * 5, *BROKEN, Draft({}, code="invalid_merge")))


@st.composite
def terms(draw: st.DrawFn, *, conditional: bool = True, media_types: tuple[str, ...] = (JSON,)) -> Terms:
    """Draw the terms of a write: mostly such as let it go on."""
    kind = draw(st.sampled_from(("plain", "plain", "keyed", "keyed", "fitting", "fitting", "unfitting", "odd")))
    keyed = kind == "keyed" or draw(st.booleans())
    made_twice = kind == "keyed" and draw(st.booleans())
    media_type = draw(st.sampled_from(media_types))
    wrapped = draw(st.sampled_from(("bare", "bare", "bare", "body", "noun", "body and noun")))
    match kind:
        case "fitting" if conditional:
            return Terms(
                draw(st.sampled_from(_FITTING)), draw(st.sampled_from(_UNFITTING)), keyed, False, media_type, wrapped
            )
        case "unfitting" if conditional:
            if_match, if_none_match = draw(st.sampled_from(_FAILING))
            return Terms(if_match, if_none_match, keyed, False, media_type, wrapped)
        case "odd":
            tags = st.sampled_from((None, *TAGS)) if conditional else st.none()
            media_type = draw(st.sampled_from((*media_types, "text/plain")))
            wrapped = draw(st.sampled_from(("bare", "other")))
            return Terms(draw(tags), draw(tags), keyed, False, media_type, wrapped)
    return Terms(None, None, keyed, made_twice, media_type, wrapped)


# What If-Match names when it holds, and If-None-Match.
_FITTING = (None, "current", "current", "meta", "several", "any")
_UNFITTING = (None, None, None, "stale", "other")
# Conditions that do not hold.
_FAILING = (("stale", None), ("stale", None), ("other", None), ("weak", None), (None, "current"), (None, "any"))
TAGS = ("current", "meta", "stale", "other", "any", "weak", "several", "broken")


@st.composite
def _fields(draw: st.DrawFn) -> tuple[dict[str, Any], dict[str, Any]]:
    parts = {
        "names": name_entries(),
        "gender": spelled(GENDERS),
        "pronoun": spelled(PRONOUNS),
        "dates": date_entries(),
    }
    told = {name: draw(parts[name]) for name in draw(st.lists(st.sampled_from(sorted(parts)), unique=True))}
    return {name: sent for name, (sent, _) in told.items()}, {name: says for name, (_, says) in told.items()}


def _places(kinds: tuple[str, ...], last: int) -> st.SearchStrategy[list[tuple[str, int]]]:
    return st.lists(st.tuples(st.sampled_from(kinds), st.integers(0, last)), min_size=1, max_size=3, unique=True)
