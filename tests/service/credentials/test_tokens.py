"""What a token says, and whose word is taken."""

import pytest

from service.credentials import tokens
from service.credentials.tokens import Claims, SigningKey
from service.storage.sqlite import SQLiteStore

ONE, TWO = SigningKey("one", b"1" * 32), SigningKey("two", b"2" * 32)
SAID = Claims("0123456789abcdef", "fedcba9876543210", ("admin", "profile:read"), 2_000)


def test_a_token_says_what_was_signed_until_its_end() -> None:
    token = tokens.sign(SAID, ONE)
    assert tokens.verify(token, [TWO, ONE], 1_999) == SAID
    assert tokens.verify(token, [ONE], 2_000) is None
    assert tokens.verify(token, [TWO], 0) is None
    assert tokens.verify(token, [], 0) is None


def test_a_token_that_is_changed_anywhere_is_none() -> None:
    token = tokens.sign(SAID, ONE)
    for place in range(len(token)):
        changed = token[:place] + ("A" if token[place] != "A" else "B") + token[place + 1 :]
        assert tokens.verify(changed, [ONE], 0) is None


@pytest.mark.parametrize("text", ["", "mpt_", "mpt_.", "mpt_e30.", "mpt_\u00e9.x", "mpt_" + "A" * 100_000, "mpk_x.y"])
def test_what_is_no_token_is_none(text: str) -> None:
    assert tokens.verify(text, [ONE], 0) is None


def test_it_lasts_ten_minutes_and_is_for_one_secret() -> None:
    said = tokens.claims("id", "ab" * 32, ["admin"], 1_000.9)
    assert said.expires == 1_600
    assert said.digest == tokens.short("ab" * 32) != tokens.short("ac" + "ab" * 31)


def test_there_are_two_signing_keys_at_most_and_the_newest_signs(store: SQLiteStore) -> None:
    assert tokens.signing_keys(store) == []
    (first,) = tokens.make_first_signing_key(store)
    assert tokens.make_first_signing_key(store) == [first]
    tokens.rotate_signing_key(store)
    second, old = tokens.signing_keys(store)
    assert old == first
    tokens.rotate_signing_key(store)
    third, old = tokens.signing_keys(store)
    assert old == second
    assert len({key.secret for key in (first, second, third)}) == 3
    assert first.secret.hex() not in repr(first)
