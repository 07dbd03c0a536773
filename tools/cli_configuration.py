"""Terraform's CLI configuration, as far as it decides where providers are looked for.

https://developer.hashicorp.com/terraform/cli/config/config-file describes the file: HCL 1, or the same as JSON.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

_LEXEME = re.compile(
    r"""
    (?: \s | \#[^\n]* | //[^\n]* | /\*.*?\*/ )+
    | (?P<string> "(?:\\.|[^"\\])*" )
    | (?P<word> [^\s{}\[\],=:"]+ )
    | (?P<mark> . )
    """,
    re.VERBOSE | re.DOTALL,
)


class Entry(NamedTuple):
    """One `name = value`, or one block `name "label" { ... }`, whose value is a list of entries."""

    name: str
    value: Any


class UnreadableError(Exception):
    """The file is not what this reader, or Terraform, understands."""


def files(environment: Mapping[str, str], home: Path) -> list[Path]:
    """Return the files that Terraform reads, in its order, without those that are not there or cannot be looked at.

    A named file replaces the ones in the home folder, even when it does not exist.
    """
    named = environment.get("TF_CLI_CONFIG_FILE") or environment.get("TERRAFORM_CONFIG")
    if named:
        candidates = [Path(named)]
    else:
        folder = home / ".terraform.d"
        candidates = [home / ".terraformrc", *sorted(folder.glob("*.tfrc")), *sorted(folder.glob("*.tfrc.json"))]
    # Unlike Path.is_file this raises nothing for a folder that may not be looked into.
    return [path for path in candidates if os.path.isfile(path)]  # noqa: PTH113 - as above


def finds(text: str, mirror: Path, address: str) -> bool:
    """Tell whether Terraform, with the configuration `text`, looks for the provider `address` in `mirror`.

    Args:
        text: The file's content.
        mirror: The mirror's folder.
        address: The provider's full address, e.g. `registry.terraform.io/memovee/tama`.

    Raises:
        UnreadableError: The text cannot be read.
    """
    installations = [
        block for entry in parse(text) if entry.name == "provider_installation" for block in _blocks(entry.value)
    ]
    return not installations or any(
        _method_finds(method.name, block, mirror, address)
        for installation in installations
        for method in installation
        for block in _blocks(method.value)
    )


def _method_finds(method: str, block: list[Entry], mirror: Path, address: str) -> bool:
    if method == "dev_overrides":
        return any(_matches(entry.name, address) for entry in block)
    settings = {entry.name: entry.value for entry in block}
    if method != "filesystem_mirror" or Path(str(settings.get("path", ""))).resolve() != mirror.resolve():
        return False
    include = settings.get("include") or ["*/*"]
    exclude = settings.get("exclude") or []
    return any(_matches(pattern, address) for pattern in include) and not any(
        _matches(pattern, address) for pattern in exclude
    )


def _matches(pattern: object, address: str) -> bool:
    """Match a provider pattern: one to three parts, each a name or `*`; a missing host is Terraform's own registry."""
    parts = str(pattern).lower().split("/")
    if len(parts) == 2:  # noqa: PLR2004 - namespace and type, which Terraform reads as being in its own registry
        parts.insert(0, "registry.terraform.io")
    wanted = address.split("/")
    return len(parts) == len(wanted) and all(part in ("*", name) for part, name in zip(parts, wanted, strict=True))


def _blocks(value: object) -> list[list[Entry]]:
    """Return the bodies of a block: one in HCL, where JSON may have several of them in a list."""
    if not isinstance(value, list):
        return []
    return [value] if all(isinstance(item, Entry) for item in value) else [item for item in value if _blocks(item)]


def parse(text: str) -> list[Entry]:
    """Read a configuration, in HCL 1 or in JSON.

    Raises:
        UnreadableError: The text is neither.
    """
    try:
        entries = _entries(_lexemes(text), closing="")
    except RecursionError:
        raise UnreadableError("it is nested too deeply") from None
    is_json = len(entries) == 1 and entries[0].name == ""
    return list(entries[0].value) if is_json else entries


def _lexemes(text: str) -> Iterator[tuple[str, str]]:
    for match in _LEXEME.finditer(text):
        if match.lastgroup:
            yield match.lastgroup, match[match.lastgroup]
    yield "mark", ""


def _entries(lexemes: Iterator[tuple[str, str]], closing: str) -> list[Entry]:
    entries: list[Entry] = []
    words: list[str] = []
    for kind, lexeme in lexemes:
        if kind != "mark":
            words.append(_text(kind, lexeme))
        elif lexeme == closing:
            return entries
        elif lexeme in ("=", ":", "{"):
            value = _entries(lexemes, "}") if lexeme == "{" else _value(*next(lexemes), lexemes)
            entries.append(Entry(words[0] if words else "", value))
            words = []
        elif lexeme != ",":
            break
    raise UnreadableError("its brackets do not match")


def _value(kind: str, lexeme: str, lexemes: Iterator[tuple[str, str]]) -> Any:
    if kind != "mark":
        return _text(kind, lexeme)
    if lexeme == "{":
        return _entries(lexemes, "}")
    if lexeme != "[":
        raise UnreadableError("a value is missing")
    items: list[Any] = []
    for inner_kind, inner in lexemes:
        if (inner_kind, inner) == ("mark", "]"):
            return items
        if (inner_kind, inner) != ("mark", ","):
            items.append(_value(inner_kind, inner, lexemes))
    raise UnreadableError("a list does not end")


def _text(kind: str, lexeme: str) -> str:
    if kind == "word":
        return lexeme
    try:
        return str(json.loads(lexeme, strict=False))
    except ValueError:
        raise UnreadableError("a string has an escape that cannot be read") from None
