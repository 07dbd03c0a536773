"""A small conversation through the declared actions: what a model is told of someone new, and then of someone known."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable
from typing import Any

from tools import deployment
from tools.deployment import CDKTF
from tools.environment import BIN
from tools.progress import StepError

ACTOR = "demo-actor"
INTRODUCTION = {
    "names": [
        {"index": 0, "group": "callable", "value": "Ada"},
        {"index": 0, "group": "real", "value": "Augusta Ada King"},
    ],
    "pronoun": "she/her",
}
TURNS = {
    "events": [
        {"role": "user", "content": "Hello, I am Ada. Something scary for tonight, please!", "thread": "demo"},
        {"role": "assistant", "content": "Nice to meet you, Ada. Alien, then?", "thread": "demo"},
    ]
}
_ERASURE_S, _PAUSE_S = 10.0, 0.5
_CONFLICT = 409


def hold(specification_id: str) -> None:
    """Call the actions of a specification one after the other, as a model would, and print what comes back.

    What an earlier conversation left is erased first, so that the actor is new.

    Raises:
        StepError: An action did not answer as it should.
    """

    def call(operation: str, shown: Callable[[Any], str], **tool_call: dict[str, Any]) -> None:
        tool_call["path"] = {"actor_id": ACTOR} | tool_call.get("path", {})
        answer = _answer(f"{specification_id}:{operation}", tool_call)
        try:
            text = shown(answer["body"])
        except (KeyError, TypeError):
            raise _unexpected(operation, answer) from None
        print(f"{operation}: {answer['status']}{text}")

    call("erase-actor", lambda _: ", what an earlier conversation left is gone")
    call("get-context", _context)
    call("create-or-update-profile", _names, body=INTRODUCTION)
    call("get-profile", _names)
    language = {"value": "en-GB"}
    call("create-or-update-preference", lambda body: f", {body['value']}", path={"type": "language"}, body=language)
    call("append-history", lambda body: f", {len(body['events'])} events", body=TURNS)
    call("get-context", _context)


def _names(profile: dict[str, Any]) -> str:
    return ", names: " + ", ".join(f"{name['value']} ({name['group']})" for name in profile["names"])


def _context(context: dict[str, Any]) -> str:
    return "".join(f"\n  | {line}" for line in context["text"].splitlines())


def _answer(action: str, tool_call: dict[str, Any]) -> dict[str, Any]:
    """Call an action, again while what was erased is still being deleted.

    Raises:
        StepError: It could not be called, or did not answer with a 2xx.
    """
    deadline = time.monotonic() + _ERASURE_S
    while True:
        result = subprocess.run(
            [BIN / "tama", "call", "--base-url", f"embedded:{CDKTF.control_plane}", action, json.dumps(tool_call)],
            env=deployment.variables(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        try:
            answer: dict[str, Any] = json.loads(result.stdout)
        except ValueError:
            raise _unexpected(action, result.stdout + result.stderr) from None
        if result.returncode == 0:
            return answer
        if answer["status"] != _CONFLICT or time.monotonic() >= deadline:
            raise _unexpected(action, answer)
        time.sleep(_PAUSE_S)


def _unexpected(action: str, answer: object) -> StepError:
    said = answer.strip() if isinstance(answer, str) else json.dumps(answer)
    return StepError(
        f"The action {action} did not answer as it should: {said}",
        "Run `.venv/bin/personalization --help` and read the service's log in .state/cdktf/service.",
    )
