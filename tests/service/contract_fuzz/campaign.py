"""A campaign: schemathesis calls every operation of the contract that a service serves, and every answer is checked."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import schemathesis
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import events, from_schema
from schemathesis.hooks import GLOBAL_HOOK_DISPATCHER

from service.contract import Contract
from tests.service.contract_fuzz.checks import Check, Checks
from tests.service.contract_fuzz.exchanges import Answer, Call, Operations, Target
from tests.service.contract_fuzz.links import METHODS, with_links
from tests.service.contract_fuzz.population import ERASING_ALL, Population
from tests.service.contract_fuzz.twins import Twins

PHASES = ("examples", "coverage", "fuzzing", "stateful")

# A lenient reader accepts what breaks the schema, and rules refuse what does not. `Checks` judges both more strictly.
_READ_LENIENTLY = ["2xx", "304", "400", "401", "403", "404", "405", "409", "410", "412", "415", "422", "428", "5xx"]
_REFUSED_BY_RULES = ["2xx", "304", "400", "401", "403", "404", "409", "410", "412", "422", "428"]


@dataclass
class Report:
    """What a campaign saw.

    Attributes:
        cases: how many calls each phase made.
        statuses: how often each operation was answered with each status.
        checked: how often each check was made.
        failures: what was found, one text each.
        traces: texts that were sent and that stand neither in the contract nor anywhere by chance.

    """

    cases: Counter[str] = field(default_factory=Counter)
    statuses: Counter[tuple[str, int]] = field(default_factory=Counter)
    checked: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    traces: set[str] = field(default_factory=set)

    def reached(self, kind: int) -> set[str]:
        """Return the operations that were answered with a status of this kind, 2 for 2xx."""
        return {operation for operation, status in self.statuses if status // 100 == kind}

    def found_in(self, text: str) -> list[str]:
        """Return the traces of callers that a text holds."""
        return sorted(trace for trace in self.traces if trace in text)


def run(
    target: Target, examples: int, *, every: int = 1, phases: Sequence[str] = PHASES, only: Sequence[str] = ()
) -> Report:
    """Run a campaign.

    Args:
        target: the service.
        examples: how many random calls are made of each operation, and how many random sequences of calls.
        every: of the calls that the schemas enumerate, one in so many is made.
        phases: which of PHASES.
        only: the operations that are called; all when empty.

    """
    served = target.send(Call("GET", "/internal/personalization/openapi.json", {}, None)).body
    contract = Contract(served)
    operations = Operations(contract)
    checks = Checks(operations, Twins(operations, target.send))
    for check in checks.all():
        _register(check)
    document = with_links(_only(json.loads(served), only) if only else json.loads(served))
    schema = schemathesis.openapi.from_dict(document, config=_config(target, examples, phases))
    report = Report()
    hooks: dict[str, Callable[..., object]] = {
        "before_call": Population(operations, target, checks.forget_deletions).before_call,
        "filter_failure": _is_no_survivor,
    }
    if every > 1:
        hooks["filter_case"] = _one_in(every)
    with _hooked(**hooks):
        for event in from_schema(schema).execute():
            _take_down(event, report, operations, checks)
    return report


@contextmanager
def _hooked(**hooks: Callable[..., object]) -> Iterator[None]:
    """Give schemathesis these hooks for a while; it has one set of them for the whole process."""
    for name, hook in hooks.items():
        GLOBAL_HOOK_DISPATCHER.register_hook_with_name(hook, name)
    try:
        yield
    finally:
        for hook in hooks.values():
            GLOBAL_HOOK_DISPATCHER.unregister(hook)


def _only(document: dict[str, Any], operations: Sequence[str]) -> dict[str, Any]:
    for item in document["paths"].values():
        for method in METHODS:
            if method in item and item[method]["operationId"] not in operations:
                del item[method]
    return document


def _config(target: Target, examples: int, phases: Sequence[str]) -> SchemathesisConfig:
    return SchemathesisConfig.from_dict(
        {
            "seed": 1,
            "base-url": f"{target.url}/internal/personalization",
            "headers": {"Authorization": f"Bearer {target.key}"},
            "operations": [
                {"include-operation-id": ERASING_ALL, "headers": {"Authorization": f"Bearer {target.empty_key}"}}
            ],
            "request-timeout": 30,
            "continue-on-failure": True,
            "cache": {"enabled": False},
            "analysis": {"constants": {"enabled": False}},
            "generation": {"max-examples": examples, "deterministic": True, "no-shrink": True, "database": "none"},
            "phases": {name: {"enabled": name in phases} for name in PHASES},
            "checks": {
                "negative_data_rejection": {"expected-statuses": _READ_LENIENTLY},
                "positive_data_acceptance": {"expected-statuses": _REFUSED_BY_RULES},
            },
        }
    )


def _register(check: Check) -> None:
    def checked(_context: object, response: schemathesis.Response, _case: object) -> None:
        if wrong := check(*_exchange(response)):
            raise AssertionError(wrong)

    checked.__name__ = check.__name__
    schemathesis.check(checked)


def _exchange(response: schemathesis.Response) -> tuple[Call, Answer]:
    request = response.request
    url = urlsplit(str(request.url))
    body = request.body.encode() if isinstance(request.body, str) else request.body
    headers = {
        name.lower(): it if isinstance(it, str) else it.decode("latin-1") for name, it in request.headers.items()
    }
    call = Call(str(request.method), url.path + (f"?{url.query}" if url.query else ""), headers, body)
    answered = {name: ", ".join(values) for name, values in response.headers.items()}
    return call, Answer(response.status_code, answered, response.content)


def _one_in(every: int) -> Callable[..., bool]:
    seen: Counter[str] = Counter()

    def filter_case(_context: object, case: schemathesis.Case[Any]) -> bool:
        if case.meta is None or case.meta.phase.name.value != "coverage":
            return True
        seen[case.operation.label] += 1
        return seen[case.operation.label] % every == 1

    return filter_case


def _is_no_survivor(_context: object, failure: Exception, _case: object, _response: object) -> bool:
    """Let pass what outlives a deletion; `what_was_deleted_is_gone` looks at what does not."""
    return type(failure).__name__ != "UseAfterFree"


def _take_down(event: object, report: Report, operations: Operations, checks: Checks) -> None:
    if isinstance(event, events.NonFatalError):
        report.failures.append(f"schemathesis: {event.label}: {event.value!r}")
    elif isinstance(event, events.FatalError):
        raise event.exception
    elif isinstance(event, events.ScenarioFinished):
        for case_id, node in event.recorder.cases.items():
            report.cases[event.phase.value] += 1
            interaction = event.recorder.interactions.get(case_id)
            if interaction is None or interaction.response is None:
                report.failures.append(f"{node.value.operation.label}: no answer")
                continue
            call, answer = _exchange(interaction.response)
            report.traces.update(text for text in _texts(call, operations) if checks.is_trace(text))
            if (described := operations.called(call)) is not None:
                report.statuses[described.id, answer.status] += 1
            for made in event.recorder.checks.get(case_id, ()):
                report.checked[made.name] += 1
                if made.failure_info is not None:
                    report.failures.append(_told(made.name, made.failure_info, call, answer))


def _told(check: str, found: Any, call: Call, answer: Answer) -> str:
    return "\n".join(
        (
            f"{check}: {found.failure.title}",
            found.failure.message,
            found.code_sample,
            f"{answer.status} {answer.body[:600].decode(errors='replace')}",
        )
    )


def _texts(call: Call, operations: Operations) -> Iterator[str]:
    """Yield what a caller wrote: ids, values, keys."""
    described = operations.called(call)
    if described is not None:
        yield from (described.path_of(call) or {}).values()
        yield from (call.headers[it.name.lower()] for it in described.parameters if it.name.lower() in call.headers)
    yield from (text for texts in call.query.values() for text in texts)
    if call.body:
        try:
            yield from _strings(json.loads(call.body))
        except ValueError:
            yield call.body.decode(errors="replace")


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from value
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from _strings(item)
