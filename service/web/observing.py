"""What is recorded of each request besides what is recorded of all: whose actor it was about, and the error's code."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from flask import Request

import hosting.observing
from hosting.observing import Answered, to_stderr
from service.metrics import Metrics
from service.web.privacy import Pseudonyms

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

_CODE = "personalization.code"


def take_down_code(request: Request, code: str) -> None:
    """Have the record of a request say with which error code it is answered."""
    request.environ[_CODE] = code


class Observer(hosting.observing.Observer):
    """Records each request of the service.

    Args:
        metrics: what counts them.
        write: takes lines of the log.
        metrics_route: whether the application shows the metrics at `/metrics` to a credential with the scope `admin`.

    """

    metrics: Metrics

    def __init__(
        self, metrics: Metrics, write: Callable[[bytes], object] = to_stderr, *, metrics_route: bool = True
    ) -> None:
        super().__init__("personalization", metrics, write)
        self.metrics_route = metrics_route
        self._pseudonyms = Pseudonyms()

    def kept(self, environ: "WSGIEnvironment", values: dict[str, Any]) -> tuple[str, ...]:
        """See `hosting.observing.Observer.kept`."""
        return values.get("actor_id", ""), environ.get(_CODE, "")

    def describe(self, answered: Answered, said: dict[str, object]) -> None:
        """Say whose actor it was, by a pseudonym, and the error's code."""
        actor, code = answered.more
        if actor:
            said["actor"] = self._pseudonyms.of(actor)
        if code:
            said["code"] = code

    def count(self, batch: list[Answered]) -> None:
        """Count the errors by their codes."""
        for answered in batch:
            if code := answered.more[1]:
                self.metrics.observe_refusal(code)
