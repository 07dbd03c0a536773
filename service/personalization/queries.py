"""The query of a call: its parameters, read and checked as bodies are."""

from collections.abc import Mapping, Sequence
from typing import Any

from service.contract import Contract
from service.personalization.checking import check
from service.personalization.reading import Subject, make_query_reader
from service.refusal import Detail, Refused, pointer

_SUBJECT = Subject("query", "invalid_query")


class Queries:
    """The rules of an operation's query, or of its path, by the contract's schema of this name.

    The schema describes an object with a member for each parameter.
    """

    def __init__(self, contract: Contract, schema: str, subject: Subject = _SUBJECT) -> None:
        self._contract = contract
        self._subject = subject
        self._read = make_query_reader(contract, contract.schema(schema), subject)
        self._validator = contract.validator(schema)
        parameters = {name: contract.resolved(member) for name, member in contract.schema(schema)["properties"].items()}
        self._needs_parameters = bool(contract.schema(schema).get("required"))
        self._defaults = {name: member["default"] for name, member in parameters.items() if "default" in member}

    def told(self, parameters: Mapping[str, Sequence[str]]) -> Mapping[str, Any]:
        """Read and check the parameters of a call, each with all the values that it has there.

        Returns:
            The value of each parameter that was given or has a default.

        Raises:
            Refused: the subject's code, `invalid_query` for a query.

        """
        if not (parameters or self._needs_parameters):
            return self._defaults
        repeated = [name for name, values in parameters.items() if len(values) > 1]
        if repeated:
            reason = "This is there more than once. Send it once."
            raise Refused(
                self._subject.code, details=[Detail(pointer(self._subject.noun, name), reason) for name in repeated]
            )
        reading = self._read({name: values[0] for name, values in parameters.items()})
        check(self._contract, self._validator, reading)
        told: dict[str, Any] = self._defaults | dict(reading.value)  # type: ignore[call-overload] # the check has proved that it is an object
        return told
