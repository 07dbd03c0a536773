"""Calls on histories."""

from typing import Any
from urllib.parse import urlencode

from tests.service.client import Client, ServiceAnswer
from tests.service.server import BASE, KEY


def path(actor: str = "a") -> str:
    return f"{BASE}/profile/{actor}/history"


def said(content: str, **more: Any) -> dict[str, Any]:
    return {"role": "user", "content": content, **more}


def append(client: Client, *events: dict[str, Any], actor: str = "a", **options: Any) -> ServiceAnswer:
    return client.call("POST", path(actor), {"events": list(events)}, **options)


def listed(client: Client, actor: str = "a", key: str = KEY, **query: Any) -> ServiceAnswer:
    return client.call("GET", path(actor), environ={"QUERY_STRING": urlencode(query)}, key=key)


def contents(client: Client, actor: str = "a", **query: Any) -> list[str]:
    """Return the contents of all events, over all pages."""
    found: list[str] = []
    while True:
        page = listed(client, actor, **query).json
        found += [event["content"] for event in page["events"]]
        if "next" not in page:
            return found
        query["cursor"] = page["next"]


def forget(client: Client, event_id: str, actor: str = "a", **options: Any) -> ServiceAnswer:
    return client.call("DELETE", f"{path(actor)}/{event_id}", **options)


def forget_up_to(client: Client, event_id: str, actor: str = "a", **options: Any) -> ServiceAnswer:
    return client.call("DELETE", path(actor), environ={"QUERY_STRING": urlencode({"through": event_id})}, **options)
