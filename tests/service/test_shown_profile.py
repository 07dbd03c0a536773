import itertools

import orjson
import pytest

from service.contract import Contract
from service.personalization.profile import Profiles, document

HOSTILE = (
    ',"~changed":{',
    '","~changed":{"names":1}}',
    '"gender":"male"',
    "\\",
    '\\"',
    ',"',
    '"pronoun":',
    "\\u0022,\\u0022~changed\\u0022:",
)

DATES = [{"index": 0, "significance": "birth", "value": "1990-03-03"}]
WHOLE = {"dates": DATES, "gender": "male", "pronoun": "he/him"}


def names(*texts: str) -> list[dict[str, object]]:
    return [{"group": "real", "index": index, "value": text} for index, text in enumerate(texts)]


@pytest.fixture(scope="module")
def profiles(contract: Contract) -> Profiles:
    return Profiles(contract)


@pytest.mark.parametrize("texts", list(itertools.permutations(HOSTILE, 2)))
@pytest.mark.parametrize("others", [{}, {"gender": "male", "dates": DATES}, WHOLE])
def test_what_is_shown_is_what_is_kept_with_defaults_and_without_times(
    profiles: Profiles, texts: tuple[str, ...], others: dict[str, object]
) -> None:
    told = {"names": names(*texts), **others}
    shown = profiles.shown(document({}, told, 1_000.0))
    assert orjson.loads(shown) == {"dates": [], "gender": "other", "pronoun": "other", **told}
    assert shown == orjson.dumps(orjson.loads(shown), option=orjson.OPT_SORT_KEYS)


def test_a_profile_from_before_times_were_kept_is_shown_as_it_is(profiles: Profiles) -> None:
    told = {**WHOLE, "names": names("Ana")}
    kept = orjson.dumps(told, option=orjson.OPT_SORT_KEYS)
    assert profiles.shown(kept) == kept
