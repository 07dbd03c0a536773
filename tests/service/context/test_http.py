"""The operation get-context: what it takes, what it answers, and what of the store it reads."""

from pathlib import Path
from typing import Any

import orjson
import pytest

from service.contract import Contract
from service.items import Changes
from service.personalization.context.parsing import parse
from service.storage.sqlite import SQLiteStore
from tests.service.client import Client, ServiceAnswer
from tests.service.context.actors import ANA
from tests.service.server import BASE

PAGE = (Path(__file__).parents[3] / "docs" / "context.md").read_text(encoding="utf-8")
EVENTS = [
    {"role": "user", "content": "A scary one!\nPlease.", "time": "2026-11-24T20:00:00Z", "thread": "evening"},
    {"role": "assistant", "content": "Alien, then.", "time": "2026-11-24T20:01:00Z", "thread": "evening"},
    {"role": "user", "content": "Another time.", "thread": "morning"},
]


def _context(client: Client, actor: str = "a", query: str = "", **options: Any) -> ServiceAnswer:
    return client.call("GET", f"{BASE}/profile/{actor}/context", environ={"QUERY_STRING": query}, **options)


@pytest.fixture
def ana(client: Client, store: SQLiteStore) -> Client:
    client.put("a", ANA)
    for kind, value in {"language": "pt-PT", "timezone": "Europe/Lisbon"}.items():
        client.call("PUT", f"{BASE}/profile/a/preferences/{kind}", {"value": value})
    _append(store, EVENTS)
    return client


def _append(store: SQLiteStore, events: list[dict[str, Any]], tenant: str = "default") -> None:
    def put(changes: Changes) -> None:
        for number, event in enumerate(events, start=1):
            changes.put(f"event/{number:016d}", orjson.dumps(event))
        changes.put("head", orjson.dumps({"sequence": len(events)}))

    store.write(tenant, "a", put)


def test_the_documentation_shows_a_context(ana: Client) -> None:
    text = _context(ana, query="date=2026-11-25&thread=evening").json["text"]
    assert "# Date: 2026-11-25\n" in text
    shown = PAGE.partition("```markdown\n")[2].partition("```")[0]
    assert text == shown.replace('2026-11-25 in "Europe/Lisbon"', "2026-11-25")


def test_a_context_is_valid_by_the_contract(ana: Client, contract: Contract) -> None:
    for query in ("", "budget=64", "date=2026-11-25"):
        answer = _context(ana, query=query)
        contract.validator("Context").validate(answer.json)
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Vary"] == "Accept"


def test_what_is_said_of_the_text_is_so(ana: Client) -> None:
    said = _context(ana, query="budget=110&date=2026-11-25").json
    assert (said["known"], said["date"], said["date_source"]) == (True, "2026-11-25", "request")
    assert (said["budget"], said["counter"], said["turns"]) == (110, "o200k_base", len(parse(said["text"]).turns))
    assert said["left_out"] == ["history"]
    assert said["size"] <= 110
    assert said["text"].encode()[: said["stable_bytes"]].endswith(b'- preference timezone: "Europe/Lisbon"\n')
    assert "timezone" not in said


def test_without_a_date_it_is_today_where_the_actor_is_else_in_utc(ana: Client) -> None:
    there = _context(ana).json
    assert (there["date_source"], there["timezone"]) == ("timezone", "Europe/Lisbon")
    elsewhere = _context(ana, "nobody").json
    assert (elsewhere["date_source"], elsewhere["timezone"]) == ("utc", "UTC")
    assert f"# Date: {elsewhere['date']} in UTC\n" in elsewhere["text"]


def test_an_actor_whom_nobody_knows_has_a_context(client: Client) -> None:
    answer = _context(client, "nobody", "budget=64")
    assert answer.status_code == 200
    assert not answer.json["known"]
    assert "- not known yet: ask for a name\n" in answer.json["text"]


def test_markdown_is_the_same_text_with_the_rest_in_header_fields(ana: Client) -> None:
    query = "budget=86"
    said = _context(ana, query=query).json
    answer = _context(ana, query=query, headers={"Accept": "text/markdown"})
    assert answer.content_type == "text/markdown; charset=utf-8"
    assert answer.text == said["text"]
    fields = {name: value for name, value in answer.headers.items() if name.startswith("Context-")}
    assert fields == {
        "Context-Counter": "o200k_base",
        "Context-Size": str(said["size"]),
        "Context-Stable-Bytes": str(said["stable_bytes"]),
        "Context-Date": said["date"],
        "Context-Timezone": "Europe/Lisbon",
        "Context-Left-Out": "dates, history",
    }


def test_header_fields_that_say_nothing_are_not_there(ana: Client) -> None:
    answer = _context(ana, query="date=2026-11-25", headers={"Accept": "text/markdown"})
    assert not {"Context-Timezone", "Context-Left-Out"} & set(answer.headers.keys())


@pytest.mark.parametrize(
    ("accept", "mimetype"),
    [
        (None, "application/json"),
        ("*/*", "application/json"),
        ("text/*", "text/markdown"),
        ("text/markdown, application/json;q=0.5", "text/markdown"),
        ("text/markdown;q=0.5, application/json", "application/json"),
        ("image/png", "application/json"),
    ],
)
def test_json_is_answered_unless_markdown_is_preferred(client: Client, accept: str | None, mimetype: str) -> None:
    assert _context(client, headers={"Accept": accept} if accept else {}).mimetype == mimetype


def test_head_answers_what_get_does_without_the_text(ana: Client) -> None:
    answer = ana.call("HEAD", f"{BASE}/profile/a/context")
    assert answer.status_code == 200
    assert answer.data == b""


@pytest.mark.parametrize("query", ["budget=", "budget=%20100%20", "budget=100.0", "budget=100&thread=&date="])
def test_what_can_be_understood_is_understood(ana: Client, query: str) -> None:
    assert _context(ana, query=query).json["budget"] == (100 if "100" in query else 2_048)


@pytest.mark.parametrize(
    ("query", "pointer", "says"),
    [
        ("budget=63", "/query/budget", "between 64 and 32768"),
        ("budget=32769", "/query/budget", "between 64 and 32768"),
        ("budget=1e3", "/query/budget", "A whole number is asked for"),
        ("budget=all", "/query/budget", "A whole number is asked for"),
        ("budget=100&budget=200", "/query/budget", "more than once"),
        ("budgets=100", "/query/budgets", "Is `budget` meant?"),
        ("max_tokens=100", "/query/max_tokens", "Known are budget, thread, date"),
        ("date=25.11.2026", "/query/date", "form"),
        ("date=2026-02-30", "/query/date", "no such day"),
        ("date=0000-01-01", "/query/date", "form"),
        ("thread=a/b", "/query/thread", "form"),
        ("thread=%FF", "/query/thread", "form"),
        (f"thread={'a' * 129}", "/query/thread", "longer than 128"),
    ],
)
def test_everything_else_is_refused_with_the_place(client: Client, query: str, pointer: str, says: str) -> None:
    answer = _context(client, query=query)
    assert (answer.status_code, answer.json["code"]) == (422, "invalid_query")
    (error,) = answer.json["errors"]
    assert error["pointer"] == pointer
    assert says in error["detail"]


@pytest.mark.parametrize("budget", [64, 32_768])
def test_the_bounds_of_the_budget_are_taken(client: Client, budget: int) -> None:
    assert _context(client, query=f"budget={budget}").json["budget"] == budget


def test_the_parameters_are_those_that_are_checked(contract: Contract) -> None:
    parameters = contract.at(["paths", "/profile/{actor_id}/context", "get"])["parameters"]
    schemas = {found["name"]: found["schema"] for found in map(contract.resolved, parameters)}
    assert schemas == contract.schema("ContextQuery")["properties"]


def test_turns_are_taken_from_one_thread_or_from_all(ana: Client) -> None:
    def said(query: str) -> list[str]:
        return [turn.content for turn in parse(_context(ana, query=query).json["text"]).turns]

    assert said("thread=evening") == ["A scary one!\nPlease.", "Alien, then."]
    assert said("thread=morning") == ["Another time."]
    assert said("thread=night") == []
    assert said("") == [event["content"] for event in EVENTS]


def test_a_long_history_is_read_over_the_end_of_a_page(ana: Client, store: SQLiteStore) -> None:
    events = [{"role": "user", "content": f"turn {number}", "thread": "t"} for number in range(90)]
    _append(store, events)
    turns = parse(_context(ana, query="thread=t&budget=32768").json["text"]).turns
    assert [turn.content for turn in turns] == [event["content"] for event in events]


def test_another_tenants_actor_is_nobody(client: Client, store: SQLiteStore) -> None:
    _append(store, EVENTS, tenant="another")
    assert _context(client, query="date=2026-11-25").json == _context(client, "b", "date=2026-11-25").json


def test_an_actor_id_is_checked(client: Client) -> None:
    assert _context(client, "..").json["code"] == "invalid_actor_id"


def test_every_field_and_every_header_is_documented(contract: Contract) -> None:
    for name in contract.schema("Context")["properties"]:
        assert f"`{name}`" in PAGE
    for name in contract.at(["paths", "/profile/{actor_id}/context", "get", "responses", "200"])["headers"]:
        assert f"`{name}`" in PAGE
    for name in contract.schema("ContextQuery")["properties"]:
        assert f"| `{name}` |" in PAGE
