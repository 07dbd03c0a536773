"""What is told to the user: errors and warnings, with the path of the attribute that they are about."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType
    from typing import Any

    Path = tuple[str | int, ...]

_ERROR, _WARNING = 1, 2


def path_message(path: Path) -> dict[str, Any]:
    """Return the protocol's form of a path."""
    return {"steps": [{"element_key_int" if isinstance(step, int) else "attribute_name": step} for step in path]}


class Diagnostic:
    """One error or warning; `path` leads to the attribute by names and list indices, and may be empty."""

    __slots__ = ("detail", "path", "severity", "summary")

    def __init__(self, summary: str, detail: str, path: Path = (), *, warning: bool = False) -> None:
        self.severity = _WARNING if warning else _ERROR
        self.summary = summary
        self.detail = detail
        self.path = path

    def message(self) -> dict[str, Any]:
        """Return the protocol's form of it."""
        return {
            "severity": self.severity,
            "summary": self.summary,
            "detail": self.detail,
            "attribute": path_message(self.path) if self.path else None,
        }


class Failure(Exception):  # noqa: N818 - not only one error
    """Ends what a resource does and tells the user why."""

    def __init__(self, *diagnostics: Diagnostic) -> None:
        super().__init__("; ".join(f"{diagnostic.summary}: {diagnostic.detail}" for diagnostic in diagnostics))
        self.diagnostics = diagnostics


class Diagnostics:
    """The errors and warnings of one call. As a context manager it takes up the exception that ends its block.

    A Failure adds its diagnostics. Any other exception is a bug: it is told by its type, as its message might hold a
    secret, and its traceback goes to the log.

    Args:
        doing: what is being done, for the text of a bug, e.g. `ApplyResourceChange tama_space`.
    """

    __slots__ = ("_diagnostics", "_doing")

    def __init__(self, doing: str) -> None:
        self._doing = doing
        self._diagnostics: list[Diagnostic] = []

    def add(self, *diagnostics: Diagnostic) -> None:
        """Add what was found elsewhere."""
        self._diagnostics += diagnostics

    def error(self, summary: str, detail: str, path: Path = ()) -> None:
        """Add an error."""
        self._diagnostics.append(Diagnostic(summary, detail, path))

    def has_errors(self) -> bool:
        """Tell whether one of them is an error."""
        return any(diagnostic.severity == _ERROR for diagnostic in self._diagnostics)

    def messages(self) -> list[dict[str, Any]]:
        """Return the protocol's form of all of them."""
        return [diagnostic.message() for diagnostic in self._diagnostics]

    def __enter__(self) -> Diagnostics:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> bool:
        if isinstance(error, Failure):
            self._diagnostics += error.diagnostics
        elif isinstance(error, Exception):
            from provider.protocol.log import log_exception  # noqa: PLC0415 - only a bug needs it

            log_exception(f"{self._doing} failed", error)
            self.error(
                "Provider Bug",
                f"{self._doing} failed with {type(error).__name__}. This is a bug in the provider; what led to it is "
                "in Terraform's log when TF_LOG=ERROR is set. What was recorded before it is kept.",
            )
        return error is None or isinstance(error, Exception)
