"""How the console gets at what is kept: it calls the operations of the contract, as every client does."""

from collections.abc import Mapping
from typing import Any

import orjson
from flask import Flask, Response
from werkzeug.test import create_environ, run_wsgi_app

from service.contract import Contract
from service.refusal import Detail, Refused
from service.web.answers import JSON
from service.web.credentials import Authenticator, Credential


class RefusedCallError(Refused):
    """A call that was answered with an error.

    Attributes:
        status: its HTTP status.

    """

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        details = [Detail(**error) for error in problem.get("errors", ())]
        super().__init__(problem["code"], problem["message"], details)
        self.status = status


class Calls:
    """Calls operations of the application in this process, each with an access token of the caller's credential.

    So a call is checked, limited, carried out and recorded as one from outside is.
    """

    def __init__(self, application: Flask, contract: Contract, authenticator: Authenticator) -> None:
        self._application = application
        self._authenticator = authenticator
        self._contract = contract
        self._operations = {operation.id: operation for operation in contract.operations}

    def answer(
        self,
        caller: Credential,
        operation_id: str,
        actor: str = "",
        query: Mapping[str, str] | None = None,
        body: object = None,
    ) -> Response:
        """Return the answer to a call, whose body may still be under way.

        Args:
            caller: whose call it is.
            operation_id: the operation.
            actor: about whom; left out for an operation on the tenant.
            query: the parameters of the query.
            body: the body, before it is JSON; None for none.

        Raises:
            RefusedCallError: it was answered with an error.

        """
        operation = self._operations[operation_id]
        if "/" in actor:
            # In a path it would lead to another operation.
            kind = self._contract.errors["invalid_actor_id"]
            raise RefusedCallError(kind.status, {"code": "invalid_actor_id", "message": kind.message})
        token = self._authenticator.token(caller, sorted(caller.scopes))
        environ = create_environ(
            method=operation.method,
            query_string=query,
            headers={"Authorization": f"Bearer {token}", "Accept": JSON},
            data=None if body is None else orjson.dumps(body),
            content_type=None if body is None else JSON,
            environ_overrides={"PATH_INFO": operation.path.replace("{actor_id}", actor).encode().decode("latin-1")},
        )
        answer = Response(*run_wsgi_app(self._application.wsgi_app, environ))
        if answer.status_code >= 400:  # noqa: PLR2004 - the first status of an error
            raise RefusedCallError(answer.status_code, orjson.loads(answer.get_data()))
        return answer
