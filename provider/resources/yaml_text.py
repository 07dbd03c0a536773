"""YAML as JSON: the tags of the core schema alone, keys as texts, no key twice.

Source: YAML 1.2.2, section 10.3.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import yaml

if TYPE_CHECKING:
    from typing import Any

_TAG = "tag:yaml.org,2002:"
_FORMS = (
    ("null", r"~|null|Null|NULL|", "~nN\0"),
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("int", r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", "-+0123456789"),
    ("float", r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", "-+.0123456789"),
)


class YamlError(ValueError):
    """A text is not YAML that JSON could say; the message says what is wrong and where."""


class _Loader(yaml.SafeLoader):
    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: ARG002 - the library's signature
        found: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                raise _error("a key is a list or an object", key_node)
            if key_node.value in found:
                raise _error(f"the key {key_node.value} is there twice", key_node)
            # JSON's keys are texts: 200 is the same status as "200".
            found[key_node.value] = self.construct_object(value_node, deep=True)
        return found


def _construct_map(loader: _Loader, node: yaml.MappingNode) -> dict[str, Any]:
    return loader.construct_mapping(node)


def _construct_int(_loader: _Loader, node: yaml.ScalarNode) -> int:
    text: str = node.value
    return int(text, {"0o": 8, "0x": 16}.get(text[:2], 10))


def _construct_float(_loader: _Loader, node: yaml.ScalarNode) -> float:
    return float(node.value)


def _construct_bool(_loader: _Loader, node: yaml.ScalarNode) -> bool:
    return bool(node.value.lower() == "true")


# Of its own, not those that it inherits: they would read dates, octal numbers without a mark, and `on` as true.
_Loader.yaml_implicit_resolvers = {}
for _name, _pattern, _first in _FORMS:
    for _character in _first:
        _Loader.yaml_implicit_resolvers.setdefault(_character.replace("\0", ""), []).append(
            (_TAG + _name, re.compile(rf"(?:{_pattern})\Z"))
        )
_Loader.yaml_constructors = {
    **{_TAG + name: yaml.SafeLoader.yaml_constructors[_TAG + name] for name in ("null", "str", "seq")},
    _TAG + "map": _construct_map,
    _TAG + "int": _construct_int,
    _TAG + "float": _construct_float,
    _TAG + "bool": _construct_bool,
    None: yaml.SafeLoader.yaml_constructors[None],
}


def parse_yaml(text: str, most_values: int) -> Any:
    """Read a YAML text.

    Args:
        text: one document.
        most_values: how many values it may have, with those that aliases stand for.

    Raises:
        YamlError: bad syntax, a tag beyond JSON's types, a key twice, too many values, or nested too deeply.
    """
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
        _count(node, most_values)
        return None if node is None else loader.construct_document(node)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f" at line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise YamlError(f"{error.problem or error.context}{where}") from None
    except yaml.reader.ReaderError as error:
        raise YamlError(f"the character #x{error.character:04x} is not allowed in YAML") from None
    except RecursionError:
        raise YamlError("it is nested too deeply, or an alias stands in what it stands for") from None


def _count(node: yaml.Node | None, left: int) -> int:
    """Return how many values may follow, with each alias counted as what it stands for."""
    if left <= 0 and node is not None:
        raise _error("there are too many values, with those that aliases stand for", node)
    left -= 1
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            left = _count(item, left)
    elif isinstance(node, yaml.MappingNode):
        for _, value in node.value:
            left = _count(value, left)
    return left


def _error(problem: str, node: yaml.Node) -> yaml.MarkedYAMLError:
    return yaml.constructor.ConstructorError(None, None, problem, node.start_mark)
