"""What a provider is made of: the classes that a provider's own are derived from, and what they are handed."""

from __future__ import annotations

from _thread import allocate_lock
from abc import ABC, abstractmethod

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from provider.framework.diagnostics import Diagnostic, Diagnostics
    from provider.framework.function import Function
    from provider.framework.schema import Schema
    from provider.framework.values import Values

    Private = dict[str, Any]


class Stop:
    """Set once, when Terraform asks to end soon (StopProvider). `threading.Event` would cost 4 ms a launch."""

    __slots__ = ("_gate", "_is_set")

    def __init__(self) -> None:
        self._is_set = False
        self._gate = allocate_lock()
        self._gate.acquire()

    def set(self) -> None:
        """Wake everyone who waits."""
        if not self._is_set:
            self._is_set = True
            self._gate.release()

    def wait(self, seconds: float) -> bool:
        """Wait until it is set, at most so long; tell whether it is."""
        if not self._is_set and self._gate.acquire(timeout=seconds):
            # Passed on, so that the next one who waits wakes too.
            self._gate.release()
        return self._is_set


class Plan:
    """A plan in the making.

    Attributes:
        config: the configuration, which may hold `UNKNOWN`.
        prior: the state, or None when the object is to be made.
        planned: what the framework planned; a resource may mark more of it unknown where that is computed.
        private: what only the provider sees; kept beside the state.
    """

    __slots__ = ("config", "planned", "prior", "private")

    def __init__(self, config: Values, prior: Values | None, planned: Values, private: Private) -> None:
        self.config = config
        self.prior = prior
        self.planned = planned
        self.private = private


class Change:
    """A change to be made.

    Attributes:
        prior: the state before it; None at create.
        config: the configuration; None at delete. Only it holds what is write-only.
        planned: what is to be; None at delete. It holds `UNKNOWN` where the change decides.
        state: what is recorded, whatever happens afterwards: a create sets it as soon as there is an object.
        private: what only the provider sees; recorded with the state.
        stop: set when Terraform asks to end soon.
        warnings: what the user is told beside what goes wrong.
    """

    __slots__ = ("config", "planned", "prior", "private", "state", "stop", "warnings")

    def __init__(
        self, config: Values | None, prior: Values | None, planned: Values | None, private: Private, stop: Stop
    ) -> None:
        self.config = config
        self.prior = prior
        self.planned = planned
        self.state = prior
        self.private = private
        self.stop = stop
        self.warnings: list[Diagnostic] = []


class Resource(ABC):
    """A managed resource. What its methods raise becomes an error; `Failure` says which."""

    schema: Schema

    def validate(self, config: Values, diagnostics: Diagnostics) -> None:  # noqa: B027 - a hook, not a must
        """Find what no single attribute shows; the configuration may hold `UNKNOWN`, which is never an error."""

    def modify_plan(self, plan: Plan) -> None:  # noqa: B027 - a hook, not a must
        """Mark more of a plan unknown."""

    @abstractmethod
    def create(self, change: Change) -> None:
        """Make the object and set `change.state`."""

    @abstractmethod
    def read(self, state: Values, private: Private) -> Values | None:
        """Return the object's values, or None when it is gone."""

    @abstractmethod
    def update(self, change: Change) -> None:
        """Change the object and set `change.state`."""

    @abstractmethod
    def delete(self, change: Change) -> None:
        """Remove the object; one that is gone already is no error."""

    def import_state(self, identifier: str) -> Values:
        """Return the values that a read needs; what is missing is null."""
        return {"id": identifier}


class DataSource(ABC):
    """Something that is only looked up."""

    schema: Schema

    def validate(self, config: Values, diagnostics: Diagnostics) -> None:  # noqa: B027 - a hook, not a must
        """As for a resource."""

    @abstractmethod
    def read(self, config: Values) -> Values:
        """Return the values; not to find it is a Failure."""


class Provider:
    """A provider: what configures it, and its types, each made when it is first used.

    Attributes:
        schema: of the provider's own configuration.
        resources, data_sources: by type name, as Terraform writes it.
        functions: by name.
        succeeds: the providers, `<namespace>/<name>`, whose resources become those of this one of the same name.
        stop: set when Terraform asks to end soon; the server's, as soon as there is one.
    """

    schema: Schema
    stop: Stop
    succeeds: tuple[str, ...] = ()
    resources: Mapping[str, Callable[[], Resource]]
    data_sources: Mapping[str, Callable[[], DataSource]]
    functions: Mapping[str, Callable[[], Function]] = {}

    def configure(self, config: Values, diagnostics: Diagnostics) -> None:
        """Take the configuration; it may hold `UNKNOWN`. Nothing is to be contacted yet."""

    def interrupt(self) -> None:
        """Have calls that wait for others end soon; `stop` is set."""

    def close(self) -> None:
        """Let go of what calls have opened; calls may still be running."""
