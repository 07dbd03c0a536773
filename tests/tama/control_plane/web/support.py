from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

from werkzeug.test import TestResponse

from tama.control_plane.web import Observer


def observer(write: Callable[[bytes], object] = len) -> Observer:
    """What records requests, and hands its lines on; by default to nobody."""
    return Observer(write)


def credential_of(id_: str, secret: str) -> str:
    return base64.b64encode(f"{id_}:{secret}".encode()).decode()


def bearer(value: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {value}"}


def said(answer: TestResponse) -> tuple[int, Any]:
    assert answer.content_type == "application/json"
    return answer.status_code, answer.get_json()
