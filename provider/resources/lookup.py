"""One class for every data source of the catalog."""

from __future__ import annotations

from provider.framework.diagnostics import Diagnostic
from provider.framework.resource import DataSource
from provider.protocol.values import UNKNOWN
from provider.resources.conversions import diagnostic, fields_of, plain, response_values, textual
from provider.resources.failures import fetch
from provider.resources.paths import fill
from provider.resources.schemas import data_source_schema

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from provider.framework.diagnostics import Diagnostics
    from provider.framework.values import Values
    from tama.catalog import declaration
    from tama.client import Client


class CatalogDataSource(DataSource):
    """A data source as its declaration says.

    Args:
        declared: the declaration.
        client: returns the client of the configured control plane.
    """

    def __init__(self, declared: declaration.DataSource, client: Callable[[], Client]) -> None:
        self.schema = data_source_schema(declared)
        self._declared = declared
        self._fields = fields_of(declared)
        self._client = client
        self._arguments = {name for lookup in declared.lookups for name in lookup.arguments}

    def validate(self, config: Values, diagnostics: Diagnostics) -> None:
        """Refuse arguments that are not those of exactly one lookup, whatever the unknown ones turn out to be."""
        for name in sorted(self._arguments):
            if config[name] == "":
                thing = self._declared.thing
                text = f"{thing} ID is required" if name == "id" else f"Attribute {name} must not be empty"
                diagnostics.add(Diagnostic("Invalid Configuration", f"{text}.", (name,)))
        given = {name for name in self._arguments if config[name] is not None}
        certain = {name for name in given if config[name] is not UNKNOWN}
        fitting = [lookup for lookup in self._declared.lookups if certain <= set(lookup.arguments)]
        if not fitting:
            problem = self._declared.conflicting
        elif not any(given >= set(lookup.arguments) for lookup in fitting):
            problem = self._declared.missing
        else:
            problem = None
        if problem:
            diagnostics.add(diagnostic(problem))

    def read(self, config: Values) -> Values:
        """GET it. What is not found is an error: a data source names what others have made."""
        given = {name for name in self._arguments if config[name] is not None}
        lookup = next(lookup for lookup in self._declared.lookups if set(lookup.arguments) == given)

        # The first argument says where to look, when there are several.
        named = lookup.arguments[:2][-1:]

        def get(template: str, values: Mapping[str, object]) -> Any:
            doing = f"read {self._thing(lookup)}"
            path = fill(template, values)
            return fetch(self._client(), path, doing, self._declared, named=named, advice=lookup.advice)

        response = get(lookup.path, config)
        if self._declared.gather:
            from provider.resources.at_once import at_once  # noqa: PLC0415 - few data sources ask for more

            response = self._declared.gather(
                response, lambda template, each: at_once(lambda values: get(template, values), each)
            )
        return textual(self._fields, response_values(self._declared, response, plain(self._fields, config)))

    def _thing(self, lookup: declaration.Lookup) -> str:
        """Name the thing and, where there are several ways to find it, the one that was tried."""
        if len(self._declared.lookups) == 1:
            return self._declared.thing
        by = " and ".join("ID" if name == "id" else name.removesuffix("_id") for name in lookup.arguments)
        return f"{self._declared.thing} by {by}"
