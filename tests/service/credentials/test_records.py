"""What becomes of a credential, and how fast a running service takes it up."""

from collections.abc import Callable

import pytest

from service.credentials import records
from service.credentials.records import CredentialError
from service.refusal import Refused
from service.web.credentials import RECORD_LIFETIME_S, Authenticator, Credential
from tests.service.clock import Clock
from tests.service.stores import AnyStore

pytestmark = pytest.mark.every_store

READ = frozenset({"profile:read"})


@pytest.fixture
def use(store: AnyStore, clock: Clock) -> Callable[[str], Credential]:
    authenticator = Authenticator([], store, monotonic=clock, clock=clock)
    return lambda key: authenticator.authenticate(f"Bearer {key}", READ)


def test_a_credential_stands_for_its_tenant_and_scopes(
    store: AnyStore, use: Callable[[str], Credential], clock: Clock
) -> None:
    key = records.add(store, "one", ["profile:read", "admin"], "the label", clock())
    caller = use(key.text)
    assert (caller.tenant, sorted(caller.scopes), caller.identity) == ("one", ["admin", "profile:read"], key.id)


def test_only_the_digest_of_a_key_is_kept(store: AnyStore, clock: Clock) -> None:
    key = records.add(store, "one", READ, "the label", clock())
    (kept,) = store.read("", records.PARTITION, lambda items: items.scan("", "~", 10))
    secret = key.text.rpartition(key.id + "_")[2]
    assert key.id.encode() in kept.document
    assert secret.encode() not in kept.document
    assert secret not in repr(key)


def test_a_revocation_is_taken_up_within_its_bound_and_not_before_the_row_is_read_again(
    store: AnyStore, use: Callable[[str], Credential], clock: Clock
) -> None:
    key = records.add(store, "one", READ, "", clock())
    use(key.text)
    records.revoke(store, key.id, clock())
    clock.now += RECORD_LIFETIME_S - 0.1
    assert use(key.text).id
    clock.now += 0.1
    with pytest.raises(Refused, match="unauthenticated"):
        use(key.text)


def test_a_new_credential_works_at_once_even_if_it_was_tried_before(
    store: AnyStore, use: Callable[[str], Credential], clock: Clock
) -> None:
    with pytest.raises(Refused):
        use(f"mpk_{'0' * 16}_{'A' * 43}")
    assert use(records.add(store, "one", READ, "", clock()).text).tenant == "one"


def test_a_rotation_keeps_the_identity_and_ends_the_key_of_before(
    store: AnyStore, use: Callable[[str], Credential], clock: Clock
) -> None:
    old = records.add(store, "one", READ, "", clock())
    identity = use(old.text).identity
    new = records.rotate(store, old.id, 0, clock())
    clock.now += RECORD_LIFETIME_S
    assert use(new.text).identity == identity
    with pytest.raises(Refused, match="unauthenticated"):
        use(old.text)


def test_both_keys_are_valid_while_a_rotation_overlaps_and_never_three(
    store: AnyStore, use: Callable[[str], Credential], clock: Clock
) -> None:
    first = records.add(store, "one", READ, "", clock())
    second = records.rotate(store, first.id, 60, clock())
    assert use(first.text).identity == first.id
    assert use(second.text).identity == first.id
    third = records.rotate(store, first.id, 60, clock())
    clock.now += RECORD_LIFETIME_S
    assert use(second.text).id
    assert use(third.text).id
    with pytest.raises(Refused, match="unauthenticated"):
        use(first.text)
    clock.now += 60
    with pytest.raises(Refused, match="unauthenticated"):
        use(second.text)
    assert use(third.text).id


def test_a_revoked_credential_stays_revoked(store: AnyStore, clock: Clock) -> None:
    key = records.add(store, "one", READ, "", clock())
    records.revoke(store, key.id, clock())
    clock.now += 100
    records.revoke(store, key.id, clock())
    assert records.listed(store)[0].revoked == "1970-01-12T13:46:40+00:00"
    with pytest.raises(CredentialError, match="is revoked"):
        records.rotate(store, key.id, 0, clock())


@pytest.mark.parametrize(
    ("tenant", "label", "problem"),
    [
        ("", "", "A tenant is"),
        ("a/b", "", "A tenant is"),
        ("a\n", "", "A tenant is"),
        ("a" * 65, "", "A tenant is"),
        ("a", "l" * 101, "A label has"),
        ("a", "two\nlines", "A label has"),
    ],
)
def test_what_is_no_tenant_or_label_is_refused(store: AnyStore, tenant: str, label: str, problem: str) -> None:
    with pytest.raises(CredentialError, match=problem):
        records.add(store, tenant, READ, label, 0)
    assert records.listed(store) == []


def test_every_credential_is_listed_however_many_there_are(store: AnyStore) -> None:
    ids = sorted(records.add(store, "one", READ, "", 0).id for _ in range(205))
    assert [record.id for record in records.listed(store)] == ids
