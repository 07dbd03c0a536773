"""The routes that need no credential: the contract itself, and whether the service lives and can serve."""

import orjson
from flask import Blueprint, Response

import service
from service.contract import Contract
from service.storage import Store
from service.web.answers import Answer, unstored


def contract_routes(contract: Contract) -> Blueprint:
    """Return the routes of the contract as JSON and as YAML."""
    routes = Blueprint("contract", __name__)

    @routes.get(f"{contract.base_path}/openapi.json")
    def openapi_json() -> Response:
        return Response(contract.json, content_type="application/json")

    @routes.get(f"{contract.base_path}/openapi.yaml")
    def openapi_yaml() -> Response:
        return Response(contract.yaml, content_type="application/yaml; charset=utf-8")

    return routes


def health_routes(store: Store, instance: str, main_pid: int) -> Blueprint:
    """Return `/healthz` (the process answers) and `/readyz` (this start, named by `instance`, can serve)."""
    routes = Blueprint("health", __name__)
    start = {"instance": instance, "version": service.__version__, "pid": main_pid}

    @routes.get("/healthz")
    def healthz() -> Response:
        return _uncached({"status": "ok"}, 200)

    @routes.get("/readyz")
    def readyz() -> Response:
        trouble = store.trouble()
        if trouble:
            return _uncached({"status": "not ready", "parts": {"store": trouble}, **start}, 503)
        return _uncached({"status": "ready", **start}, 200)

    return routes


def _uncached(document: dict[str, object], status: int) -> Response:
    return Answer(orjson.dumps(document), status, unstored())
