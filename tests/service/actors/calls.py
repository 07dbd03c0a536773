"""Calls on actors as a whole."""

from typing import Any

from tests.service.client import Client, ServiceAnswer
from tests.service.server import BASE

ANA: dict[str, Any] = {
    "names": [{"index": 0, "group": "callable", "value": "Annie"}, {"index": 0, "group": "real", "value": "Ana"}],
    "pronoun": "she/her",
    "dates": [{"index": 0, "significance": "birth", "value": "1990-11-28"}],
}


def exported(client: Client, actor: str = "a", **options: Any) -> ServiceAnswer:
    return client.call("GET", f"{BASE}/profile/{actor}/export", **options)


def prefer(client: Client, kind: str, value: object, actor: str = "a") -> ServiceAnswer:
    return client.call("PUT", f"{BASE}/profile/{actor}/preferences/{kind}", {"value": value})


def consent(client: Client, status: str, actor: str = "a") -> ServiceAnswer:
    return client.call("PUT", f"{BASE}/profile/{actor}/consent", {"status": status})


def imported(client: Client, document: object, actor: str = "a", **options: Any) -> ServiceAnswer:
    return client.call("PUT", f"{BASE}/profile/{actor}/import", document, **options)


def merged(client: Client, source: object, actor: str = "a", **options: Any) -> ServiceAnswer:
    return client.call("POST", f"{BASE}/profile/{actor}/merge", {"from": source}, **options)
