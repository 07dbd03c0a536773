"""The contract's page: what it says, without a script, and what a browser may do with it."""

import re

import pytest

from service.contract import Contract
from service.web.docs_page import markdown
from tests.service.client import Client


def test_the_page_says_of_every_operation_what_the_contract_does(client: Client, contract: Contract) -> None:
    page = client.call("GET", "/docs", key=None).text
    for operation in contract.operations:
        said = contract.at(["paths", operation.path.removeprefix(contract.base_path), operation.method.lower()])
        part = page.partition(f'id="{operation.id}">')[2].partition("</details>")[0]
        assert f"<code>{operation.path}</code> {said['summary']}</summary>" in part
        for scope in operation.scopes:
            assert f"<code>{scope}</code>" in part
        for status in said["responses"]:
            assert f'<th scope="row">{status}</th>' in part
    assert 'href="/internal/personalization/openapi.yaml"' in page


def test_the_page_names_every_parameter(client: Client) -> None:
    page = client.call("GET", "/docs", key=None).text
    part = page.partition('id="create-or-update-profile">')[2].partition("</details>")[0]
    assert re.findall(r'<th scope="row"><code>(.*?)</code>', part) == [
        "actor_id",
        "If-Match",
        "If-None-Match",
        "Idempotency-Key",
    ]


def test_the_page_may_call_this_service_and_load_what_is_shipped_with_it(client: Client) -> None:
    answer = client.call("GET", "/docs", key=None)
    assert answer.headers["Content-Security-Policy"] == (
        "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; frame-ancestors 'none'; "
        "base-uri 'none'; script-src 'self'; connect-src 'self'"
    )
    assert answer.headers["Cache-Control"] == "no-store"
    for path in re.findall(r'(?:src|href)="(/[^"]+)"', answer.text):
        assert client.call("GET", path, key=None).status_code == 200, path


def test_the_licences_of_what_is_shipped_are_where_its_files_say(client: Client) -> None:
    script = re.findall(r'src="([^"]+swagger-ui-bundle\.js)"', client.call("GET", "/docs", key=None).text)[0]
    assert "see swagger-ui-bundle.js.LICENSE.txt" in client.call("GET", script, key=None).text[:200]


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("One line\nof two.\n", "<p>One line\nof two.</p>"),
        ("One.\n\nTwo `a <b>`.", "<p>One.</p>\n<p>Two <code>a &lt;b&gt;</code>.</p>"),
        ("Two:\n\n- one\n  more\n- `two`\n", "<p>Two:</p>\n<ul><li>one\n  more</li><li><code>two</code></li></ul>"),
        ("Two:\n- one\n- two", "<p>Two:</p><ul><li>one</li><li>two</li></ul>"),
        ("a - b `c", "<p>a - b `c</p>"),
        ("`<script>`<script>", "<p><code>&lt;script&gt;</code>&lt;script&gt;</p>"),
        ("", ""),
    ],
)
def test_descriptions_become_paragraphs_lists_and_code(text: str, html: str) -> None:
    assert markdown.html(text) == html
