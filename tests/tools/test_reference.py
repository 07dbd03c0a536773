"""The reference: a page and an example for everything, and on each page what the provider tells Terraform."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from provider.resources.provider import TamaProvider
from tests.provider.driver import Driver
from tools import reference
from tools.environment import ROOT
from tools.progress import StepError

SCHEMAS = Driver(TamaProvider("")).call("GetProviderSchema")
TOLD = {
    "docs/index.md": SCHEMAS["provider"],
    **{f"docs/resources/{name.removeprefix('tama_')}.md": each for name, each in SCHEMAS["resource_schemas"].items()},
    **{
        f"docs/data-sources/{name.removeprefix('tama_')}.md": each
        for name, each in SCHEMAS["data_source_schemas"].items()
    },
}
FUNCTIONS = {f"docs/functions/{name}.md" for name in TamaProvider("").functions}


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    return reference.files()


def test_there_is_a_page_for_everything(pages: dict[str, str]) -> None:
    assert {path for path in pages if path.endswith(".md")} == {*TOLD, *FUNCTIONS}


def test_there_is_an_example_for_everything_and_for_nothing_else() -> None:
    assert {path.relative_to(ROOT / "examples").as_posix() for path in (ROOT / "examples").rglob("*.*")} == {
        "provider/provider.tf",
        *(f"resources/{name}/{file}" for name in SCHEMAS["resource_schemas"] for file in ("resource.tf", "import.sh")),
        *(f"data-sources/{name}/data-source.tf" for name in SCHEMAS["data_source_schemas"]),
        *(f"functions/{name}/function.tf" for name in TamaProvider("").functions),
    }


def test_a_missing_example_is_an_error_that_says_which(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reference, "ROOT", tmp_path)
    with pytest.raises(StepError, match=r"examples/resources/tama_\w+/resource.tf is missing"):
        reference.files()


@pytest.mark.parametrize("path", TOLD)
def test_a_page_holds_every_attribute_and_block_where_it_belongs(pages: dict[str, str], path: str) -> None:
    assert _written(pages[path]) == dict(_groups(TOLD[path]["block"], ()))


@pytest.mark.parametrize("path", [*TOLD, *sorted(FUNCTIONS)])
def test_a_page_is_in_the_layout_of_the_registry(pages: dict[str, str], path: str) -> None:
    assert re.match(r'---\npage_title: ".+"\nsubcategory: "\w*"\ndescription: \|-\n  \S.*\n---\n\n<!--', pages[path])
    assert "\n## Example Usage\n\n```terraform\n" in pages[path]
    links = set(re.findall(r"\]\(#([\w-]+)\)", pages[path]))
    assert links == set(re.findall(r'<a id="([\w-]+)"></a>', pages[path]))
    files = re.findall(r"\]\((\w[\w/-]+\.md)\)", pages[path])
    assert all(f"docs/{file}" in pages for file in files)


def test_a_resource_is_imported_by_what_its_import_asks_for(pages: dict[str, str]) -> None:
    commands = {path.split("/")[2]: text for path, text in pages.items() if path.endswith("import.sh")}
    assert commands["tama_space"] == 'terraform import tama_space.films "<id>"\n'
    assert commands["tama_space_processor"] == 'terraform import tama_space_processor.completion "<space_id>/<type>"\n'
    assert commands["tama_class_operation"] == 'terraform import tama_class_operation.index "<class_id>:<id>"\n'
    assert commands["tama_local_service"].endswith(' "<data_folder>"\n')


def test_a_page_says_what_an_import_does_not_find(pages: dict[str, str]) -> None:
    assert "Not imported" not in pages["docs/resources/space.md"]
    for name in ("`api_key`", "the block `wait_for`", "the block `timeouts`"):
        assert name in pages["docs/resources/source_identity.md"].partition("Not imported")[2]


def _written(page: str) -> dict[tuple[str, str], set[str]]:
    """The names in the schema of a page, by where they are nested and the group that they stand in."""
    found: dict[tuple[str, str], set[str]] = {}
    above = group = ""
    section = re.split(r"\n## (?!#)", page.partition("\n## Schema\n")[2])[0]
    for line in section.splitlines():
        if nested := re.fullmatch(r"### Nested Schema for `([\w.]+)`", line):
            above = nested[1]
        elif title := re.fullmatch(r"(?:### )?(Required|Optional|Read-Only):?", line):
            group = title[1]
        elif item := re.match(r"- `(\w+)` \(", line):
            found.setdefault((above, group), set()).add(item[1])
    return found


def _groups(body: dict[str, Any], above: tuple[str, ...]) -> list[tuple[tuple[str, str], set[str]]]:
    """The same of a schema as the provider tells it."""
    groups: dict[str, set[str]] = {}
    inner: list[tuple[tuple[str, str], set[str]]] = []
    for each in body["attributes"]:
        groups.setdefault(_group(each), set()).add(each["name"])
        if each["nested_type"]:
            inner += _groups({**each["nested_type"], "block_types": []}, (*above, each["name"]))
    for block in body["block_types"]:
        given = "Required" if block["min_items"] else "Optional"
        groups.setdefault(given if _is_given(block["block"]) else "Read-Only", set()).add(block["type_name"])
        inner += _groups(block["block"], (*above, block["type_name"]))
    return [((".".join(above), group), names) for group, names in groups.items()] + inner


def _group(attribute: dict[str, Any]) -> str:
    if attribute["required"]:
        return "Required"
    return "Optional" if attribute["optional"] else "Read-Only"


def _is_given(body: dict[str, Any]) -> bool:
    given = any(each["required"] or each["optional"] for each in body["attributes"])
    return given or any(_is_given(block["block"]) for block in body["block_types"])
