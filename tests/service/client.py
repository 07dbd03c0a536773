"""The application without a server; every answer is held against the contract."""

import json
import re
from collections.abc import Mapping
from typing import Any, cast
from urllib.parse import unquote_to_bytes

from flask import Flask
from werkzeug.test import TestResponse

from service.contract import Contract
from tests.service.server import BASE, KEY


class ServiceAnswer(TestResponse):
    """An answer with a body in JSON, whose members are looked at without asking first whether there are any."""

    json: Any


class Client:
    def __init__(self, contract: Contract, app: Flask) -> None:
        self._contract = contract
        self._http = app.test_client()
        self._error = contract.validator("Error")

    def call(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        headers: Mapping[str, str] | None = None,
        key: str | None = KEY,
        environ: dict[str, Any] | None = None,
    ) -> ServiceAnswer:
        sent = dict(headers or {})
        if key is not None:
            sent.setdefault("Authorization", f"Bearer {key}")
        if body is not None:
            sent.setdefault("Content-Type", "application/json")
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        # The bytes of the path as a server hands them on; werkzeug's client would replace those that are not UTF-8.
        raw = {"PATH_INFO": unquote_to_bytes(path).decode("latin-1")}
        if data is not None:
            raw["CONTENT_LENGTH"] = str(len(data))
        answer: Any = self._http.open(
            "/", method=method, data=data, headers=sent, environ_overrides=raw | (environ or {}), buffered=True
        )
        if answer.status_code >= 400:
            assert answer.content_type == "application/problem+json"
            assert answer.headers["Cache-Control"] == "no-store"
            if method != "HEAD":
                self._error.validate(answer.json)
                assert answer.json["status"] == answer.status_code
                self._assert_documented(method, path, answer.status_code, answer.json["code"])
        elif answer.data and method != "OPTIONS":
            self._assert_as_described(method, path, answer)
        return cast("ServiceAnswer", answer)

    def get(self, actor: str, **options: Any) -> ServiceAnswer:
        return self.call("GET", f"{BASE}/profile/{actor}", **options)

    def put(self, actor: str, body: object, **options: Any) -> ServiceAnswer:
        return self.call("PUT", f"{BASE}/profile/{actor}", body, **options)

    def _assert_documented(self, method: str, path: str, status: int, code: str) -> None:
        """Hold an error of an operation against the errors that the contract says this operation has."""
        if responses := self._responses(method, path):
            response = self._contract.resolved(responses[str(status)])
            assert code in response["content"]["application/problem+json"]["examples"]

    def _assert_as_described(self, method: str, path: str, answer: Any) -> None:
        """Hold an answer of an operation against the schema and the headers that the contract has for it."""
        if responses := self._responses(method, path):
            response = self._contract.resolved(responses[str(answer.status_code)])
            schema = response["content"][answer.mimetype]["schema"]
            if "$ref" in schema:
                shown = answer.json if answer.is_json else answer.text
                self._contract.validator(schema["$ref"].rpartition("/")[2]).validate(shown)
            for name, header in response.get("headers", {}).items():
                assert name in answer.headers or self._contract.resolved(header).get("required") is False

    def _responses(self, method: str, path: str) -> Any:
        for operation in self._contract.operations:
            pattern = re.sub(r"\{\w+\}", "[^/]*", operation.path)
            if operation.method == method and re.fullmatch(pattern, path):
                return self._contract.at(["paths", operation.path.removeprefix(BASE), method.lower()])["responses"]
        return None
