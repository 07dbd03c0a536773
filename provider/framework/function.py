"""Functions that a configuration calls, as `provider::<name>::<function>(…)`; Terraform has them from 1.8 on."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_STRING, _MARKDOWN = b'"string"', 1


class FunctionFailure(Exception):  # noqa: N818 - it is an answer, not a failure of the provider
    """A function has no result.

    Args:
        text: a sentence that says why.
        argument: the argument that is to blame, counted from 0.
    """

    def __init__(self, text: str, argument: int) -> None:
        super().__init__(text)
        self.text = text
        self.argument = argument


class Function:
    """A function of texts to a text.

    Args:
        summary: what it does, in a line.
        description: what it takes and returns, Markdown.
        parameters: their names, with a sentence each.
        call: gets the arguments; raises FunctionFailure.
    """

    __slots__ = ("_description", "_parameters", "_summary", "call")

    def __init__(
        self, summary: str, description: str, parameters: tuple[tuple[str, str], ...], call: Callable[..., str]
    ) -> None:
        self._summary = summary
        self._description = description
        self._parameters = parameters
        self.call = call

    def message(self) -> dict[str, Any]:
        """Return the protocol's form of it."""
        return {
            "parameters": [
                {"name": name, "type": _STRING, "description": description, "description_kind": _MARKDOWN}
                for name, description in self._parameters
            ],
            "return": {"type": _STRING},
            "summary": self._summary,
            "description": self._description,
            "description_kind": _MARKDOWN,
        }
