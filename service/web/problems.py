"""Errors as problem documents (RFC 9457)."""

import logging
from typing import Any

import orjson
from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from hosting.observing import described
from service.contract import Contract
from service.refusal import Detail, Refused
from service.storage import StoreUnavailableError, TenantFullError
from service.web.answers import Answer, unstored
from service.web.observing import take_down_code

MAX_DETAILS = 20

_log = logging.getLogger("personalization")


def problem(contract: Contract, refused: Refused) -> Response:
    """Return the answer to a request that was refused."""
    kind = contract.errors[refused.code]
    document: dict[str, Any] = {
        "title": kind.title,
        "status": kind.status,
        "code": refused.code,
        "message": refused.message or kind.message,
    }
    if refused.details:
        document["errors"] = [_detail(detail) for detail in refused.details[:MAX_DETAILS]]
    answer = Answer(orjson.dumps(document), kind.status, unstored("application/problem+json"))
    if refused.retry_after is not None:
        answer.headers["Retry-After"] = str(refused.retry_after)
    match refused.code:
        case "idempotency_key_in_flight" | "erasure_in_progress" | "actor_busy" | "store_unavailable":
            answer.headers["Retry-After"] = "1"
        case "unauthenticated":
            answer.headers["WWW-Authenticate"] = 'Bearer realm="personalization"'
        case "insufficient_scope":
            answer.headers["WWW-Authenticate"] = 'Bearer realm="personalization", error="insufficient_scope"'
    return answer


def _detail(detail: Detail) -> dict[str, object]:
    shown: dict[str, object] = {"pointer": detail.pointer, "detail": detail.detail}
    if detail.allowed is not None:
        shown["allowed"] = detail.allowed
    if detail.example is not None:
        shown["example"] = detail.example
    return shown


def answer_errors_with_problems(app: Flask, contract: Contract) -> None:
    """Make every error of the application a problem document."""

    def refused(error: Refused) -> Response:
        take_down_code(request, error.code)
        return problem(contract, error)

    def method_not_allowed(error: MethodNotAllowed) -> Response:
        methods = ", ".join(sorted(error.valid_methods or ()))
        answer = refused(Refused("method_not_allowed", f"This path does not know the method. It knows: {methods}."))
        answer.headers["Allow"] = methods
        return answer

    def no_route(_error: HTTPException) -> Response:
        return refused(Refused("route_not_found"))

    def store_unavailable(error: StoreUnavailableError) -> Response:
        _log.error("the store is not available", extra=described(request) | {"error": str(error)})
        return refused(Refused("store_unavailable"))

    def tenant_full(_error: TenantFullError) -> Response:
        return refused(Refused("quota"))

    def failed(error: Exception) -> Response:
        _log.error("a request failed", exc_info=error, extra=described(request))
        return refused(Refused("internal_error"))

    app.register_error_handler(Refused, refused)
    app.register_error_handler(MethodNotAllowed, method_not_allowed)
    app.register_error_handler(HTTPException, no_route)
    app.register_error_handler(StoreUnavailableError, store_unavailable)
    app.register_error_handler(TenantFullError, tenant_full)
    app.register_error_handler(Exception, failed)
