"""The RPCs of protocol 6, on a provider: request bytes in, response bytes out."""

from __future__ import annotations

from provider.framework.diagnostics import Diagnostic, Diagnostics, Failure, path_message
from provider.framework.function import FunctionFailure
from provider.framework.json_text import canonical, parse
from provider.framework.planning import propose, replacements
from provider.framework.resource import Change, Plan, Stop
from provider.framework.validators import refuse_write_only, validate
from provider.framework.values import complete, conform, from_state, from_wire, is_null, settle, to_wire
from provider.protocol.errors import Unimplemented
from provider.protocol.messages import decode, encode
from provider.protocol.values import pack, unpack

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from provider.framework.resource import DataSource, Private, Provider, Resource
    from provider.framework.values import Values

    Message = dict[str, Any]

# A plan for a deletion is not asked for: it saves a call per object. Generating is not served.
_CAPABILITIES = {"plan_destroy": False, "get_provider_schema_optional": True, "move_resource_state": True}


class Server:
    """Serves one provider; calls may come from several threads at once.

    Args:
        provider: the provider.
        keep: returns the answer to GetProviderSchema, which it may make by the function that it is given.
    """

    def __init__(self, provider: Provider, keep: Callable[[Callable[[], bytes]], bytes] | None = None) -> None:
        self._provider = provider
        self._keep = keep
        self._resources: dict[str, Resource] = {}
        self._data_sources: dict[str, DataSource] = {}
        self._stop = provider.stop = Stop()

    def handle(self, method: str, request: bytes) -> bytes:
        """Answer one RPC.

        Raises:
            Unimplemented: an RPC that is not served.
            WireError: malformed request.
        """
        serve = _METHODS.get(method)
        if serve is None:
            raise Unimplemented(method)

        def answer() -> bytes:
            return encode(f"{method}.Response", serve(self, decode(f"{method}.Request", request)))

        return self._keep(answer) if self._keep and method == "GetProviderSchema" else answer()

    def close(self) -> None:
        """Close the provider; no call comes after it."""
        self._provider.close()

    def get_metadata(self, _request: Message) -> Message:
        """Name the types."""
        return {
            "server_capabilities": _CAPABILITIES,
            "resources": [{"type_name": name} for name in self._provider.resources],
            "data_sources": [{"type_name": name} for name in self._provider.data_sources],
            "functions": [{"name": name} for name in self._provider.functions],
        }

    def get_provider_schema(self, _request: Message) -> Message:
        """Tell every schema; the answer is the same at every launch of one version."""
        provider = self._provider
        return {
            "provider": provider.schema.message(),
            "resource_schemas": {name: self._resource(name).schema.message() for name in provider.resources},
            "data_source_schemas": {name: self._data_source(name).schema.message() for name in provider.data_sources},
            "functions": self._functions(),
            "server_capabilities": _CAPABILITIES,
        }

    def get_functions(self, _request: Message) -> Message:
        """Tell every function."""
        return {"functions": self._functions()}

    def call_function(self, request: Message) -> Message:
        """Call a function; Terraform never does so with what is null or unknown."""
        name = request["name"]
        if name not in self._provider.functions:
            return {"error": {"text": f"The provider has no function {name}."}}
        try:
            result = self._provider.functions[name]().call(*(unpack(each["msgpack"]) for each in request["arguments"]))
        except FunctionFailure as failure:
            # Of an argument Terraform says it in a sentence of its own, which it ends.
            return {"error": {"text": failure.text.removesuffix("."), "function_argument": failure.argument}}
        return {"result": {"msgpack": pack(result)}}

    def _functions(self) -> Message:
        return {name: make().message() for name, make in self._provider.functions.items()}

    def stop_provider(self, _request: Message) -> Message:
        """Let what runs come to its end, and end what only waits."""
        self._stop.set()
        self._provider.interrupt()
        return {}

    def validate_provider_config(self, request: Message) -> Message:
        """Check the provider's own configuration."""
        diagnostics = Diagnostics("ValidateProviderConfig")
        with diagnostics:
            fields = self._provider.schema.fields
            validate(fields, _known_object(from_wire(fields, request["config"])), diagnostics)
        return {"diagnostics": diagnostics.messages()}

    def configure_provider(self, request: Message) -> Message:
        """Hand the provider its configuration."""
        diagnostics = Diagnostics("ConfigureProvider")
        with diagnostics:
            config = from_wire(self._provider.schema.fields, request["config"])
            self._provider.configure(_known_object(config), diagnostics)
        return {"diagnostics": diagnostics.messages()}

    def validate_resource_config(self, request: Message) -> Message:
        """Check a resource's configuration."""
        return self._validate(self._resource, request)

    def validate_data_resource_config(self, request: Message) -> Message:
        """Check a data source's configuration."""
        return self._validate(self._data_source, request)

    def upgrade_resource_state(self, request: Message) -> Message:
        """Bring a state, which an older version may have written, to today's schema."""
        diagnostics = Diagnostics(f"UpgradeResourceState {request['type_name']}")
        state = None
        with diagnostics:
            schema = self._resource(request["type_name"]).schema
            if request["version"] > schema.version:
                raise Failure(
                    Diagnostic(
                        "State Of A Newer Version",
                        f"The state of this {request['type_name']} has version {request['version']}, and this provider "
                        f"knows versions up to {schema.version}. Use a newer version of the provider.",
                    )
                )
            state = to_wire(from_state(schema.fields, request["raw_state"]["json"]))
        return {"upgraded_state": state, "diagnostics": diagnostics.messages()}

    def read_resource(self, request: Message) -> Message:
        """Read an object anew; one that is gone is null. After an error the state stays what it was."""
        diagnostics = Diagnostics(f"ReadResource {request['type_name']}")
        new_state, private = request["current_state"], request["private"]
        with diagnostics:
            resource = self._resource(request["type_name"])
            fields = resource.schema.fields
            state = _known_object(from_wire(fields, request["current_state"]))
            private_values = _read_private(private)
            values = resource.read(state, private_values)
            if values is not None:
                values = settle(fields, state, complete(fields, values))
            new_state, private = to_wire(values), _write_private(private_values)
        return {"new_state": new_state, "private": private, "diagnostics": diagnostics.messages()}

    def plan_resource_change(self, request: Message) -> Message:
        """Plan a create or an update; a deletion needs no plan, and null is the plan for it."""
        diagnostics = Diagnostics(f"PlanResourceChange {request['type_name']}")
        planned, private = request["proposed_new_state"], request["prior_private"]
        replaces: list[Message] = []
        with diagnostics:
            resource = self._resource(request["type_name"])
            fields = resource.schema.fields
            config = from_wire(fields, request["config"])
            if config is not None and not is_null(planned):
                prior = from_wire(fields, request["prior_state"])
                plan = Plan(config, prior, propose(fields, config, prior), _read_private(private))
                resource.modify_plan(plan)
                replaces = [path_message(path) for path in replacements(fields, plan.planned, prior or plan.planned)]
                planned, private = to_wire(plan.planned), _write_private(plan.private)
        return {
            "planned_state": planned,
            "requires_replace": replaces,
            "planned_private": private,
            "diagnostics": diagnostics.messages(),
        }

    def apply_resource_change(self, request: Message) -> Message:
        """Make a change. Whatever goes wrong, the answer holds what is known of the object, so that none is lost."""
        diagnostics = Diagnostics(f"ApplyResourceChange {request['type_name']}")
        new_state, private = request["prior_state"] or to_wire(None), request["planned_private"]
        with diagnostics:
            resource = self._resource(request["type_name"])
            fields = resource.schema.fields
            config, prior, planned = (
                from_wire(fields, request[key]) for key in ("config", "prior_state", "planned_state")
            )
            change = Change(config, prior, planned, _read_private(private), self._stop)
            with diagnostics:
                _act(resource, change)
            diagnostics.add(*change.warnings)
            state = change.state
            if state is not None:
                state = complete(fields, state)
                if planned is not None and not diagnostics.has_errors():
                    state = conform(fields, planned, state)
                else:
                    state = settle(fields, planned, state)
            new_state, private = to_wire(state), _write_private(change.private)
        return {"new_state": new_state, "private": private, "diagnostics": diagnostics.messages()}

    def import_resource_state(self, request: Message) -> Message:
        """Answer what a read needs to find the object; Terraform reads it next."""
        type_name = request["type_name"]
        diagnostics = Diagnostics(f"ImportResourceState {type_name}")
        imported: list[Message] = []
        with diagnostics:
            resource = self._resource(type_name)
            values = complete(resource.schema.fields, resource.import_state(request["id"]))
            imported = [{"type_name": type_name, "state": to_wire(values)}]
        return {"imported_resources": imported, "diagnostics": diagnostics.messages()}

    def move_resource_state(self, request: Message) -> Message:
        """Take over the state of a resource of the same name of a provider that this one succeeds."""
        source, type_name = request["source_provider_address"], request["target_type_name"]
        diagnostics = Diagnostics(f"MoveResourceState {type_name}")
        state = None
        with diagnostics:
            namespace_and_name = source.partition("/")[2]
            if namespace_and_name not in self._provider.succeeds or request["source_type_name"] != type_name:
                raise Failure(
                    Diagnostic(
                        "Unsupported Move",
                        f"A {request['source_type_name']} of {source} cannot become a {type_name}: only resources of "
                        f"the same name move, from {' or '.join(self._provider.succeeds) or 'no provider'}.",
                    )
                )
            fields = self._resource(type_name).schema.fields
            state = to_wire(from_state(fields, request["source_state"]["json"]))
        return {"target_state": state, "diagnostics": diagnostics.messages()}

    def read_data_source(self, request: Message) -> Message:
        """Look something up."""
        diagnostics = Diagnostics(f"ReadDataSource {request['type_name']}")
        state = None
        with diagnostics:
            data_source = self._data_source(request["type_name"])
            fields = data_source.schema.fields
            config = _known_object(from_wire(fields, request["config"]))
            state = to_wire(complete(fields, data_source.read(config)))
        return {"state": state, "diagnostics": diagnostics.messages()}

    def _validate(self, find: Callable[[str], Resource | DataSource], request: Message) -> Message:
        diagnostics = Diagnostics(f"validation of {request['type_name']}")
        with diagnostics:
            described = find(request["type_name"])
            fields = described.schema.fields
            config = _known_object(from_wire(fields, request["config"]))
            validate(fields, config, diagnostics)
            capabilities = request.get("client_capabilities") or {}
            if not capabilities.get("write_only_attributes_allowed"):
                refuse_write_only(fields, config, diagnostics)
            described.validate(config, diagnostics)
        return {"diagnostics": diagnostics.messages()}

    def _resource(self, name: str) -> Resource:
        if name not in self._resources:
            if name not in self._provider.resources:
                raise _unknown_type("resource", name)
            self._resources[name] = self._provider.resources[name]()
        return self._resources[name]

    def _data_source(self, name: str) -> DataSource:
        if name not in self._data_sources:
            if name not in self._provider.data_sources:
                raise _unknown_type("data source", name)
            self._data_sources[name] = self._provider.data_sources[name]()
        return self._data_sources[name]


_METHODS: dict[str, Callable[[Server, Message], Message]] = {
    "ApplyResourceChange": Server.apply_resource_change,
    "CallFunction": Server.call_function,
    "ConfigureProvider": Server.configure_provider,
    "GetFunctions": Server.get_functions,
    "GetMetadata": Server.get_metadata,
    "GetProviderSchema": Server.get_provider_schema,
    "ImportResourceState": Server.import_resource_state,
    "MoveResourceState": Server.move_resource_state,
    "PlanResourceChange": Server.plan_resource_change,
    "ReadDataSource": Server.read_data_source,
    "ReadResource": Server.read_resource,
    "StopProvider": Server.stop_provider,
    "UpgradeResourceState": Server.upgrade_resource_state,
    "ValidateDataResourceConfig": Server.validate_data_resource_config,
    "ValidateProviderConfig": Server.validate_provider_config,
    "ValidateResourceConfig": Server.validate_resource_config,
}


def _act(resource: Resource, change: Change) -> None:
    if change.planned is None:
        resource.delete(change)
        change.state = None
    elif change.prior is None:
        resource.create(change)
    else:
        resource.update(change)


def _known_object(values: Values | None) -> Values:
    if values is None:
        raise Failure(Diagnostic("Missing Value", "Terraform sent null where the protocol asks for an object."))
    return values


def _read_private(data: bytes) -> Private:
    private: Private = parse(data.decode()) if data else {}
    return private


def _write_private(private: Private) -> bytes:
    return canonical(private).encode() if private else b""


def _unknown_type(kind: str, name: str) -> Failure:
    return Failure(Diagnostic("Unknown Type", f"The provider has no {kind} {name}."))
