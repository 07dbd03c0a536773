"""Types of preferences that an operator declares: files `<type>.json`, each with the JSON Schema of the value."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from service.contract import Contract
from service.personalization.preferences.schemas import component, wrong
from service.refusal import Refused
from service.strict_json import parse

MAX_BYTES: Final = 65_536
_TYPE: Final = re.compile(r"[A-Za-z0-9._:-]{1,64}")


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a declaration.

    Attributes:
        file: the file.
        pointer: where in it, as a JSON pointer; empty for all of it.
        reason: what is wrong, in a sentence.

    """

    file: Path
    pointer: str
    reason: str

    def __str__(self) -> str:
        return f"{self.file}: {self.pointer or 'the whole file'}: {self.reason}"


class DeclarationError(ValueError):
    """Declarations that cannot be used.

    Attributes:
        problems: everything that is wrong.

    """

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


def read_declarations(folder: Path, contract: Contract) -> Mapping[str, Any]:
    """Return the schema of each type that a folder declares.

    Args:
        folder: the folder; files and folders whose names begin with a dot are passed over.
        contract: what the types become part of; its own types cannot be declared.

    Raises:
        DeclarationError: with everything that is wrong in the folder.

    """
    try:
        files = sorted(file for file in folder.iterdir() if not file.name.startswith("."))
    except OSError as error:
        raise DeclarationError([Problem(folder, "", f"The folder cannot be read: {error.strerror}.")]) from None
    taken = {component(name).casefold(): f"`{name}` is built in" for name in contract.schema("PreferenceType")["enum"]}
    schemas: dict[str, Any] = {}
    problems: list[Problem] = []
    for file in files:
        name = file.name.removesuffix(".json")
        if reason := _misnamed(file, taken):
            problems.append(Problem(file, "", reason))
            continue
        taken[component(name).casefold()] = f"{file.name} declares it"
        schema, found = _read(file)
        schemas[name] = schema
        problems.extend(Problem(file, place, reason) for place, reason in found)
    if problems:
        raise DeclarationError(problems)
    return schemas


def _misnamed(file: Path, taken: Mapping[str, str]) -> str | None:
    name = file.name.removesuffix(".json")
    if not (file.suffix == ".json" and file.is_file() and _TYPE.fullmatch(name)):
        return "A declaration is a file <type>.json; a type has 1 to 64 letters, digits and `.`, `_`, `:`, `-`."
    if other := taken.get(component(name).casefold()):
        return f"There is a type of this name already, whatever its case: {other}."
    return None


def _read(file: Path) -> tuple[Any, Sequence[tuple[str, str]]]:
    """Return the schema in a file, and what is wrong with it by its place."""
    try:
        content = file.read_bytes()
    except OSError as error:
        return None, [("", f"The file cannot be read: {error.strerror}.")]
    if len(content) > MAX_BYTES:
        return None, [("", f"The file has more than {MAX_BYTES} bytes.")]
    try:
        schema = parse(content)
    except Refused as error:
        places = [(detail.pointer, detail.detail) for detail in error.details]
        return None, places or [("", error.message.replace("The body", "The file") or "It is nested too deeply.")]
    return schema, wrong(schema)
