"""A hosted control plane of the tests' own: it gives out tokens, counts them, and answers what a test says."""

from __future__ import annotations

import threading
from collections.abc import Callable

from tests.tama.endpoint import Answer, Endpoint, Request, json_answer

TOKENS = "/auth/tokens"
FINE = json_answer({"data": {"id": "1"}})


class Hosted:
    """Answers at an endpoint.

    Attributes:
        tokens: how many it gave out.
        lifetime: the seconds for which it says that a token holds.
        keys_lifetime: the seconds for which it says that it knows an idempotency key; empty when it knows none.
        token_answers: what it answers to the next requests for a token in the place of one.
        answers: what it answers to the next other requests; at their end, `answer` says it.
    """

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self.tokens = 0
        self.lifetime: object = 3600
        self.keys_lifetime = ""
        self.token_answers: list[Answer] = []
        self.answers: list[Answer] = []
        self.answer: Callable[[Request], Answer] = lambda _: FINE
        self._lock = threading.Lock()
        endpoint.answer = self._answer

    @property
    def requests(self) -> list[Request]:
        """Those that asked for no token."""
        return [request for request in self.endpoint.requests if not request.target.endswith(TOKENS)]

    def _answer(self, request: Request) -> Answer:
        if not request.target.endswith(TOKENS):
            with self._lock:
                answer = self.answers.pop(0) if self.answers else None
            return answer or self.answer(request)
        with self._lock:
            if self.token_answers:
                return self.token_answers.pop(0)
            self.tokens += 1
            number = self.tokens
        token = {"access_token": f"token-{number}", "token_type": "Bearer", "expires_in": self.lifetime}
        answer = json_answer(token)
        if self.keys_lifetime:
            answer.headers["Idempotency-Key-Lifetime"] = self.keys_lifetime
        return answer
