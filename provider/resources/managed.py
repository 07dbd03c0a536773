"""One class for every resource of the catalog."""

from __future__ import annotations

from time import time

from provider.framework.diagnostics import Diagnostic, Failure
from provider.framework.json_text import equal
from provider.framework.resource import Resource
from provider.framework.values import complete, conform
from provider.protocol.values import UNKNOWN
from provider.resources.conversions import diagnostic, fields_of, plain, request_body, response_values, textual
from provider.resources.failures import client_failure, fetch, forgotten_outcome, unknown_outcome, unusable_answer
from provider.resources.paths import fill, placeholders, split
from provider.resources.schemas import resource_schema
from tama.client.errors import NotFound, OutcomeUnknown, TamaError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from provider.framework.diagnostics import Diagnostics, Path
    from provider.framework.resource import Change, Plan, Private
    from provider.framework.values import Values
    from tama.catalog import declaration
    from tama.client import Client

_OF_TERRAFORM = ("wait_for", "timeouts")
# In what is private: the key of a create of unknown outcome, and until when the control plane knows it.
_KEY, _KEY_EXPIRES = "idempotency_key", "idempotency_key_expires"


def known(value: object) -> bool:
    """Tell a declaration's functions whether a value is known."""
    return value is not UNKNOWN


class CatalogResource(Resource):
    """A resource as its declaration says.

    Args:
        declared: the declaration.
        client: returns the client of the configured control plane.
    """

    def __init__(self, declared: declaration.Resource, client: Callable[[], Client]) -> None:
        self.schema = resource_schema(declared)
        self._declared = declared
        self._fields = fields_of(declared)
        self._client = client
        self._twins = [attribute for attribute in declared.attributes if attribute.twin_of]

    def validate(self, config: Values, diagnostics: Diagnostics) -> None:
        """Find what the declaration's own check finds, and twins of which not one is given."""
        for twin in self._twins:
            given = [name for name in (twin.twin_of, twin.name) if config[name] is not None]
            both = f"{twin.twin_of} or {twin.name}"
            if len(given) > 1:
                detail = f"Give {both}, not both."
                diagnostics.add(Diagnostic("Invalid Attribute Combination", detail, (twin.name,)))
            elif twin.demanded and not given:
                diagnostics.add(Diagnostic("Missing Attribute Configuration", f"Give {both}."))
        if self._declared.validate:
            problems = self._declared.validate(self._with_twins(plain(self._fields, config), config), known)
            diagnostics.add(*map(diagnostic, problems))

    def modify_plan(self, plan: Plan) -> None:
        """Plan what the configuration tells of computed values, and another try at a state that is waited for.

        A failed wait after an update leaves an object that Terraform takes for good. Were its state left known, the
        next plan would be empty.
        """
        if self._declared.derive:
            plan.planned.update(self._declared.derive(plan.planned, known))
        settling = self._declared.settles
        if settling is None or plan.prior is None:
            return
        from provider.resources.waiting import conditions  # noqa: PLC0415 - what settles is not in every run

        seen = {field.key: plan.prior[field.name] for field in self._fields}
        unmet = [
            condition
            for condition in conditions(plan.config["wait_for"])
            if condition.name.split(".")[0] in seen and not condition.holds(seen)
        ]
        if unmet:
            waited_for = {settling.attribute, *(condition.name for condition in unmet)}
            computed = {field.name for field in self.schema.fields if field.computed}
            plan.planned.update(dict.fromkeys(waited_for & computed, UNKNOWN))

    def create(self, change: Change) -> None:
        """POST it, and wait."""
        planned = plain(self._fields, _planned(change))
        self._check("create", planned)
        path = fill(self._declared.collection, planned)
        sent = self._with_twins(planned, change.config)
        body = request_body(self._declared, sent)
        try:
            response = self._client().create(path, body)
        except OutcomeUnknown as error:
            if error.key:
                # Terraform keeps an object without an id, and hands what is private to the next read.
                change.private |= {_KEY: error.key, _KEY_EXPIRES: int(error.expires)}
                change.state = _planned(change) | {"id": None}
            raise unknown_outcome(error, self._declared, planned) from error
        except TamaError as error:
            raise self._failure("create", error, planned, parent=self._parent()) from error
        if not isinstance(response, dict) or not response.get("id"):
            raise unusable_answer(f"create {self._declared.thing}")
        # Recorded before anything else is made of the response: what exists must never be lost.
        change.state = _planned(change) | {"id": response["id"]}
        change.state = self._state(response, planned)
        self._tell_of_failure(change, self._wait(change, response, "create"))

    def read(self, state: Values, private: Private) -> Values | None:
        """GET it."""
        try:
            found = self._resolved(state, private)
            if found is None:
                return None
            response = self._client().request("GET", self._member(found))
        except NotFound:
            return None
        except TamaError as error:
            raise self._failure("read", error) from error
        return self._state(response, plain(self._fields, state))

    def update(self, change: Change) -> None:
        """PATCH it, unless nothing changes that the API keeps, and wait."""
        planned, prior = plain(self._fields, _planned(change)), plain(self._fields, change.prior or {})
        body = request_body(self._declared, *self._changed_twins(planned, prior, change.config or {}))
        response = None
        if self._is_sent(body, planned, prior):
            self._check("update", planned)
            try:
                response = self._client().request("PATCH", self._member(prior), body)
            except TamaError as error:
                raise self._failure(
                    "update", error, planned, advice="The next plan makes anew what is gone."
                ) from error
            change.state = self._state(response, planned | {"id": prior["id"]})
        else:
            change.state = conform(self.schema.fields, _planned(change), change.prior or {})
        self._tell_of_failure(change, self._wait(change, response, "update"))

    def delete(self, change: Change) -> None:
        """DELETE it."""
        if not self._declared.deletes:
            thing = self._declared.thing
            change.warnings.append(
                Diagnostic(
                    "Object Outlives Its Resource",
                    f"The API cannot delete a {thing}: this one is only forgotten. It goes with what it belongs to.",
                    warning=True,
                )
            )
            return
        try:
            found = self._resolved(change.prior or {}, change.private)
            if found:
                self._client().request("DELETE", self._member(found))
        except NotFound:
            return
        except TamaError as error:
            raise self._failure("delete", error) from error

    def import_state(self, identifier: str) -> Values:
        """Read the parts of an import's id, as the declaration writes them."""
        parts = split(self._declared.import_id, identifier)
        if parts is None:
            form = self._declared.import_id.replace("{", "<").replace("}", ">")
            raise Failure(
                Diagnostic(
                    "Invalid Import ID", f"The id of a {self._declared.thing} to import is {form}, not '{identifier}'."
                )
            )
        return parts

    def _with_twins(self, values: Values, config: Values | None) -> Values:
        """Return the values with each write-only one in the place of the attribute that it stands for."""
        given = {twin.twin_of: (config or {}).get(twin.name) for twin in self._twins}
        return values | {name: value for name, value in given.items() if value is not None}

    def _changed_twins(self, planned: Values, prior: Values, config: Values) -> tuple[Values, Values]:
        """Return what an update sends and what was before, as far as a write-only value is sent anew or removed."""
        sent, before = dict(planned), dict(prior)
        for twin in self._twins:
            name, version = twin.twin_of, f"{twin.name}_version"
            if config[twin.name] is not None and (planned[version] != prior[version] or prior[name] is not None):
                sent[name] = config[twin.name]
            elif config[twin.name] is None and planned[name] is None and prior[version] is not None:
                # What was there is not known here; only that it is to go.
                before[name] = ""
        return sent, before

    def _check(self, verb: str, planned: Values) -> None:
        """Refuse what only the control plane can show."""
        if self._declared.check is None:
            return

        def get(template: str, values: Mapping[str, object]) -> Any:
            return fetch(self._client(), fill(template, values), f"{verb} {self._declared.thing}", self._declared)

        problems = [*map(diagnostic, self._declared.check(planned, get))]
        if problems:
            raise Failure(*problems)

    def _member(self, values: Values) -> str:
        return fill(self._declared.member, values)

    def _failure(
        self, verb: str, error: TamaError, values: Values | None = None, *, parent: Path = (), advice: str = ""
    ) -> Failure:
        doing = f"{verb} {self._declared.thing}"
        return client_failure(error, doing, self._declared, values, parent=parent, advice=advice)

    def _resolved(self, state: Values, private: Private) -> Values | None:
        """Return the state with the id of what a create of unknown outcome made; None when it made nothing.

        Raises:
            TamaError: it cannot be asked for now.
            Failure: nobody knows it any more.
        """
        if _KEY not in private:
            return state
        try:
            made = self._client().resolve(private[_KEY])
        except NotFound as error:
            # Another control plane than the one that was sent the create.
            raise forgotten_outcome(self._declared) from error
        if made is None:
            if time() > private[_KEY_EXPIRES]:
                raise forgotten_outcome(self._declared)
            return None
        del private[_KEY], private[_KEY_EXPIRES]
        return state | {"id": made["id"]}

    def _parent(self) -> Path:
        """Return the attribute that names what an object is created in; nothing where it is created in nothing."""
        in_path = placeholders(self._declared.collection)
        return next(((one.name,) for one in self._declared.attributes if one.refers_to and one.name in in_path), ())

    def _state(self, response: Values, kept: Values) -> Values:
        """Return Terraform's values from a response, and from the plain values kept for what it does not carry."""
        values = response_values(self._declared, response, kept)
        own = {name: kept[name] for name in _OF_TERRAFORM if name in kept}
        return textual(self._fields, values) | {"id": response.get("id", kept.get("id"))} | own

    def _is_sent(self, body: Values, planned: Values, prior: Values) -> bool:
        """Tell whether the API would keep something else than before, or is to try again what it failed at.

        After an import a state may lack what the API does not tell, or tell it in another place.
        """
        settling = self._declared.settles
        if settling and self._declared.updates and planned[settling.attribute] is UNKNOWN:
            return True
        untold = {
            field.name: planned[field.name]
            for field in self._declared.attributes
            if field.required and field.replaces and prior[field.name] is None
        }
        return not equal(body, request_body(self._declared, prior | untold))

    def _tell_of_failure(self, change: Change, response: Values | None) -> None:
        """Warn of an object that Tama failed at, which a wait accepted or nobody waited for."""
        settling = self._declared.settles
        if settling is None or response is None or response.get(settling.attribute) not in settling.bad:
            return
        reason = response.get(settling.reason)
        detail = f"The {settling.attribute} of this {self._declared.thing} is {response[settling.attribute]}."
        detail += f" Reason: {reason}" if reason else ""
        change.warnings.append(
            Diagnostic(f"Failed {self._declared.thing.title()}", detail, (settling.attribute,), warning=True)
        )

    def _wait(self, change: Change, response: Values | None, operation: str) -> Values | None:
        """Wait as the configuration says; return the last response."""
        settling = self._declared.settles
        if settling is None or not _planned(change)["wait_for"]:
            return response
        from provider.resources import waiting  # noqa: PLC0415 - as in modify_plan

        state = complete(self.schema.fields, change.state or {})
        member = self._member(state)

        def poll(seconds: float) -> Values:
            nonlocal response
            response = self._client().request("GET", member, within=seconds)
            change.state = self._state(response, plain(self._fields, state))
            return response

        planned = _planned(change)
        waiting.wait(
            waiting.conditions(planned["wait_for"]),
            poll,
            response,
            settling=settling,
            limit=waiting.time_limit(planned["timeouts"], operation),
            stop=change.stop,
        )
        return response


def _planned(change: Change) -> Values:
    return change.planned or {}
