"""What the console shows of an actor and does with one is what the operations of the contract answer and do."""

import re
from collections.abc import Iterator
from urllib.parse import quote

import pytest

from tests.service.console.operator import Operator, alert, fields, region, text
from tests.service.server import BASE, Answer, RunningService

ANA = "ana@example.com"
PROFILE = f"{BASE}/profile/{quote(ANA)}"


@pytest.fixture(autouse=True)
def ana(service: RunningService) -> Iterator[None]:
    names = {"names": [{"index": 0, "group": "callable", "value": "Annie"}], "gender": "female"}
    assert service.put(quote(ANA), names).status in {200, 201}
    service.call("PUT", f"{PROFILE}/preferences/theme", {"value": "dark"})
    yield
    service.call("PUT", f"{PROFILE}/consent", {"status": "given"})


def say(service: RunningService, *contents: str) -> None:
    events = [{"role": "user", "content": content, "event_id": content.replace(" ", "-")} for content in contents]
    assert service.call("POST", f"{PROFILE}/history", {"events": events}).status in {200, 201}


def shown(operator: Operator, page: str, actor: str = ANA, **more: str) -> Answer:
    answer = operator.send(page, actor_id=actor, **more)
    assert answer.status == 200
    return answer


def test_a_profile_is_shown_with_when_each_field_changed(operator: Operator, service: RunningService) -> None:
    changed = service.call("GET", f"{PROFILE}?include=meta").json["meta"]["changed_at"]
    page = shown(operator, "profile")
    assert "Annie callable 0" in text(page)
    assert re.findall(r'<time datetime="([^"]+)"', page.body.decode()) == [changed["names"], changed["gender"]]
    assert "<bdi><code>&#34;dark&#34;</code></bdi>" in page.body.decode()


def test_of_whom_nothing_is_kept_it_says_so(operator: Operator) -> None:
    page = text(shown(operator, "profile", "nobody"))
    assert "There is no profile of this actor." in page
    assert "No preference is kept." in page
    assert "No event is kept." in text(shown(operator, "history", "nobody"))


def test_actors_are_listed_page_by_page(operator: Operator, service: RunningService) -> None:
    for number in range(101):
        service.put(f"listed-{number:03}", {"names": [{"index": 0, "value": "A"}]})
    first = operator.open()
    assert f'value="{ANA}"' in first.body.decode()
    cursor = re.search(r'name="cursor" value="([^"]+)"', first.body.decode())
    assert cursor
    assert "listed-100" not in text(first)
    assert "listed-100" in text(operator.send("actors", cursor=cursor[1]))


def test_a_history_is_turned_over_forth_and_back(operator: Operator, service: RunningService) -> None:
    said = [f"turn {number:02}" for number in range(25)]
    say(service, *said)
    pages = [shown(operator, "history", limit="10", order="oldest")]
    for _ in range(2):
        pages.append(operator.send("history", **fields(pages[-1], "history")[-1]))
    assert [re.findall(r"turn \d\d", text(page)) for page in pages] == [said[:10], said[10:20], said[20:]]
    back = operator.send("history", **fields(pages[2], "history")[1])
    assert text(back) == text(pages[1])
    assert text(operator.send("history", **fields(back, "history")[1])) == text(pages[0])


def test_a_history_is_shown_by_its_thread(operator: Operator, service: RunningService) -> None:
    event = {"role": "assistant", "content": "In a thread.", "thread": "evening", "time": "2026-11-24T20:00:00Z"}
    service.call("POST", f"{PROFILE}/history", {"events": [event]})
    page = text(shown(operator, "history", thread="evening"))
    assert "assistant 2026-11-24 20:00:00 UTC thread evening" in page
    assert "turn" not in page


@pytest.mark.parametrize("budget", ["64", "256", "32768"])
def test_a_context_is_the_models_to_the_byte(operator: Operator, service: RunningService, budget: str) -> None:
    say(service, *(f"turn {number:02}" for number in range(25)))
    context = service.call("GET", f"{PROFILE}/context?budget={budget}").json
    page = shown(operator, "context", budget=budget)
    assert region(page, "What the model gets") == context["text"]
    assert f"{context['size']:,} of {int(budget):,} tokens" in text(page)
    assert re.findall(r'<span class="tag warning">(\w+)</span>', page.body.decode()) == context["left_out"]


def test_what_has_no_room_in_a_context_is_shown_beside_it(operator: Operator, service: RunningService) -> None:
    say(service, *(f"turn {number:02}" for number in range(25)))
    whole = region(shown(operator, "context", budget="32768"), "What the model gets")
    small = shown(operator, "context", preset="256")
    kept, left_out = region(small, "What the model gets"), region(small, "What had no room")
    lines = [line for line in whole.splitlines() if not line.startswith("#")]
    assert left_out
    assert sorted(lines) == sorted([*_entries(kept), *_entries(left_out)])


def _entries(text: str) -> list[str]:
    return [line for line in text.splitlines() if not line.startswith("#")]


def test_an_export_is_the_apis_to_the_byte_in_a_file_that_names_nobody(
    operator: Operator, service: RunningService
) -> None:
    say(service, "turn 00")
    answer = shown(operator, "export")
    assert answer.body == service.call("GET", f"{PROFILE}/export").body
    assert answer.headers["content-disposition"] == 'attachment; filename="actor.json"'
    assert answer.headers["cache-control"] == "no-store"


def test_consent_is_withdrawn_and_given(operator: Operator, service: RunningService) -> None:
    page = shown(operator, "consent", status="withdrawn")
    assert "Consent is withdrawn." in text(page)
    assert "Consent was withdrawn on 20" in text(shown(operator, "profile"))
    assert "There is no profile" in text(shown(operator, "profile"))
    assert service.get(quote(ANA)).status == 404
    assert "Consent is given." in text(shown(operator, "consent", status="given"))
    assert service.get(quote(ANA)).status == 200


def test_an_erasure_wants_the_actors_id(operator: Operator, service: RunningService) -> None:
    service.put("Ben", {"names": [{"index": 0, "value": "Ben"}]})
    for typed in ("", "ana", "ben", "Ben "):
        refused = operator.send("erase", actor_id="Ben", typed=typed)
        assert refused.status == 422
        assert "nothing was erased" in text(refused)
    assert service.get("Ben").status == 200
    assert "is being erased" in text(shown(operator, "erase", "Ben", typed="Ben"))
    assert service.get("Ben").status == 404


def test_an_alias_leads_to_its_actor_and_says_so(operator: Operator, service: RunningService) -> None:
    assert service.call("POST", f"{PROFILE}/merge", {"from": "visitor-7"}).status == 200
    assert f"This id stands for the actor {ANA}." in text(shown(operator, "profile", "visitor-7"))
    assert "visitor-7" in text(shown(operator, "profile"))


def test_an_id_cannot_end_what_is_read_of_an_export(operator: Operator) -> None:
    assert "Consent is given" in text(shown(operator, "data", 'a,"history":['))


@pytest.mark.parametrize("actor", ["", ".", "..", "a/erasure", "a/export", "a" * 257, "a\x07"])
def test_what_is_no_actor_id_is_refused_as_by_the_api(operator: Operator, actor: str) -> None:
    for page in ("profile", "history", "context", "export", "consent"):
        answer = operator.send(page, actor_id=actor, status="withdrawn")
        assert (answer.status, alert(answer)[:24]) in {
            (400, "This is not an actor id."),
            (422, "This is not an actor id."),
        }


@pytest.mark.parametrize(
    ("actor", "told"), [("ana", ""), ("Ana Silva", ""), ("\u202eana\u200b", "U+200B, U+202E."), ("ana ", "U+0020.")]
)
def test_an_id_that_looks_like_another_is_told_apart(operator: Operator, actor: str, told: str) -> None:
    page = text(shown(operator, "data", actor))
    assert (f"characters that cannot be seen: {told}" in page) == bool(told)


def test_what_the_api_refuses_is_refused_in_its_words(operator: Operator, service: RunningService) -> None:
    answer = operator.send("context", actor_id=ANA, budget="10")
    problem = service.call("GET", f"{PROFILE}/context?budget=10").json
    assert answer.status == problem["status"]
    assert alert(answer).startswith(problem["message"])
    assert problem["errors"][0]["detail"] in alert(answer)


def test_neither_an_address_nor_the_log_names_an_actor(operator: Operator, service: RunningService) -> None:
    for page in ("profile", "history", "context", "data"):
        html = shown(operator, page).body.decode()
        assert not [address for address in re.findall(r'(?:action|href|src)="([^"]*)"', html) if "ana" in address]
        assert ANA not in html.partition("</title>")[0]
    assert ANA not in service.errors.read_text()
