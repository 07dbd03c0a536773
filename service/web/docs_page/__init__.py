"""`/docs`: the contract as a page, which Swagger UI makes callable; without scripts it can be read."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from flask import Flask, Response

from hosting.pages import Assets, Pages, policy, secured
from service.contract import Contract
from service.web.docs_page import markdown

_HERE = Path(__file__).parent
_OWN = Assets("/docs/assets", _HERE / "static")
_SWAGGER_UI = Assets("/docs/swagger-ui", _HERE / "swagger-ui")
_POLICY = policy({"script-src": "'self'", "connect-src": "'self'"})


@dataclass(frozen=True, slots=True)
class Shown:
    """What the page says of an operation; the texts are Markdown that is read as it stands.

    Attributes:
        id: its `operationId`.
        method: the HTTP method, upper case.
        path: the path template with the base path before it.
        summary: what it does, a line.
        description: what it does.
        scopes: the scopes that it needs.
        parameters: the parameters, as objects of OpenAPI.
        body: what the body holds, empty when there is none.
        responses: the statuses with what each stands for.

    """

    id: str
    method: str
    path: str
    summary: str
    description: str
    scopes: Sequence[str]
    parameters: Sequence[Any]
    body: str
    responses: Sequence[tuple[str, str]]


def add_docs_page(app: Flask, contract: Contract) -> None:
    """Add the page, and what it loads, to an application; it needs no credential."""
    pages = Pages(
        "Personalization", _HERE / "templates", own=_OWN.path, swagger_ui=_SWAGGER_UI.path, markdown=markdown.html
    )

    @cache
    def html() -> str:
        document = contract.at([])
        tags = [(tag, list(_shown(contract, tag["name"]))) for tag in document["tags"]]
        return pages.html("docs.html", info=document["info"], base_path=contract.base_path, tags=tags)

    def docs() -> Response:
        return secured(Response(html(), mimetype="text/html"), _POLICY)

    app.add_url_rule("/docs", "docs", docs, methods=["GET"])
    _OWN.serve(app)
    _SWAGGER_UI.serve(app)


def _shown(contract: Contract, tag: str) -> Iterator[Shown]:
    """Return the operations with a tag, in the contract's order."""
    for operation in contract.operations:
        item = contract.at(["paths", operation.path.removeprefix(contract.base_path)])
        said = item[operation.method.lower()]
        if tag in said["tags"]:
            yield Shown(
                operation.id,
                operation.method,
                operation.path,
                said["summary"],
                said["description"],
                sorted(operation.scopes),
                [contract.resolved(each) for each in [*item.get("parameters", ()), *said.get("parameters", ())]],
                said.get("requestBody", {}).get("description", ""),
                [(status, contract.resolved(each)["description"]) for status, each in said["responses"].items()],
            )
