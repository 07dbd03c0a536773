"""The picture of the operator's console in README and docs: one actor's context, as Chromium shows it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import requests
from playwright.sync_api import sync_playwright

from tools import chromium

ACTOR = "ana@example.com"
PROFILE = {
    "names": [
        {"index": 0, "group": "callable", "value": "Annie"},
        {"index": 0, "group": "real", "value": "Ana"},
        {"index": 1, "group": "real", "value": "Silva"},
    ],
    "gender": "female",
    "pronoun": "she/her",
    "dates": [{"index": 0, "significance": "birth", "value": "1990-11-28"}],
}
PREFERENCES = {"language": "pt-PT", "timezone": "Europe/Lisbon"}
TURNS = (
    ("user", "What could I watch tonight? Something that is not too long."),
    ("assistant", "How about Paterson? It takes 118 minutes, and nothing bad happens in it."),
    ("user", "I have seen that one.\nA scary one, please!"),
    ("assistant", "Alien, then. In space no one can hear you scream."),
    ("user", "Seen it as well. Something new, and not with spiders."),
    ("assistant", "Nosferatu is new. There are rats in it, but no spiders."),
)
DAY, BUDGET = "2026-11-25", "250"
_WINDOW: Any = {"width": 1120, "height": 900}


def take(service_url: str, key: str, picture: Path) -> None:
    """Tell a service of an actor, and take the picture of what its console shows.

    Args:
        service_url: Where the service answers.
        key: A key of it with all scopes.
        picture: The file to write, a PNG.
    """
    _tell(f"{service_url}/internal/personalization/profile/{ACTOR}", key)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium.program(), args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport=_WINDOW, color_scheme="light")
        page.goto(f"{service_url}/console")
        page.get_by_label("API key").fill(key)
        page.get_by_role("button", name="Sign in").click()
        page.get_by_role("button", name=ACTOR).click()
        page.get_by_role("button", name="Context").click()
        page.get_by_label("Budget in").fill(BUDGET)
        page.get_by_label("Day").fill(DAY)
        page.get_by_role("button", name="Assemble", exact=True).click()
        page.get_by_role("heading", name="What had no room").wait_for()
        page.screenshot(path=picture, full_page=True)
        browser.close()


def _tell(profile: str, key: str) -> None:
    turns = [
        {"role": role, "content": content, "time": f"2026-11-24T20:0{minute}:00Z", "event_id": f"turn-{minute}"}
        for minute, (role, content) in enumerate(TURNS)
    ]
    calls: list[tuple[str, str, Any]] = [("PUT", "", PROFILE), ("POST", "/history", {"events": turns})]
    calls += [("PUT", f"/preferences/{kind}", {"value": value}) for kind, value in PREFERENCES.items()]
    for method, path, body in calls:
        headers = {"Authorization": f"Bearer {key}"}
        requests.request(method, profile + path, json=body, headers=headers, timeout=30).raise_for_status()
