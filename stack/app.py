from __future__ import annotations

from pathlib import Path

from stack.cdktf_ import (
    Construct,
    Fn,
    LocalBackend,
    TerraformOutput,
    TerraformStack,
    TerraformVariable,
    TerraformVariableValidationConfig,
    Token,
)
from stack.element import given_or_null
from stack.global_ import Global
from stack.personalization import Personalization
from stack.shared_space import SharedSpace
from stack.tama import TamaProvider

_LOOKED_UP = "when it is someone else's; it is only looked up. Empty to create it"


class PersonalizationStack(TerraformStack):
    """The twin of `personalization.tf`: the same variables, resources and outputs. `docs/stack.md` describes them.

    Args:
        scope: The app.
        id_: The stack's name.
        contract: The service's OpenAPI document, a YAML file.
        folder: Where this twin keeps its state and, unless its variables say otherwise, its control plane and the data
            of its service; absolute, as under `cdktf` the working folder is another.
    """

    def __init__(self, scope: Construct, id_: str, /, *, contract: Path, folder: Path) -> None:
        super().__init__(scope, id_)
        LocalBackend(self, path=str(folder / "terraform.tfstate"))
        self._provider(folder)
        shared = Global(self, "global", space_id=self._space_id("global", "global space", " with its classes"))
        callers = {
            "memovee": self._caller(shared, "memovee", "root", "main space of Memovee"),
            "prompt_assembly": self._caller(shared, "prompt_assembly", "component", "space of prompt assembly"),
            "basic_conversation": self._caller(
                shared, "basic_conversation", "component", "space of basic conversation"
            ),
        }
        self._outputs(self._personalization(contract, folder, shared, callers))

    def _provider(self, folder: Path) -> None:
        base_url = self._text(
            "base_url",
            "Where Tama is: https://… for a hosted one, embedded:<folder> for one in the provider itself; "
            "empty for the embedded one of this twin.",
            condition='var.base_url == "" || can(regex("^(https?://|embedded:).", var.base_url))',
            otherwise="base_url must start with https://, http:// or embedded:.",
        )
        client_id = self._text(
            "client_id", "The id of the client that the provider is to a hosted Tama; empty for an embedded one."
        )
        client_secret = self._text("client_secret", "The secret of that client.", sensitive=True)
        TamaProvider(
            self,
            "tama",
            base_url=Token.as_string(Fn.coalesce([base_url, f"embedded:{folder}/tama"])),
            client_id=given_or_null(client_id),
            client_secret=given_or_null(client_secret),
        )

    def _caller(self, shared: Global, name: str, type_: str, what: str) -> str:
        space = SharedSpace(
            self,
            name,
            given=self._space_id(name, what),
            name=name.replace("_", "-"),
            type_=type_,
            after=shared.dependables,
        )
        return space.id

    def _personalization(
        self, contract: Path, folder: Path, shared: Global, callers: dict[str, str]
    ) -> Personalization:
        data_folder = self._text(
            "data_folder", "The folder for the data of the service on this machine; empty for the one of this twin."
        )
        return Personalization(
            self,
            "personalization",
            contract=contract,
            callers=callers,
            data_folder=Token.as_string(Fn.coalesce([data_folder, f"{folder}/service"])),
            space_name=self._text(
                "space_name",
                "The name of the personalization space; a change renames it in place.",
                default="personalization",
                condition='trimspace(var.space_name) != ""',
                otherwise="space_name must not be empty.",
            ),
            specification_version=self._text(
                "specification_version",
                "The version that the specification is registered with; "
                "empty for the one of schemas/personalization.yaml.",
            ),
            service_endpoint=self._text(
                "service_endpoint",
                "The URL of a service that runs elsewhere, with or without /internal/personalization; "
                "empty to start one on this machine.",
                condition='var.service_endpoint == "" || can(regex("^https?://[^/]", var.service_endpoint))',
                otherwise="service_endpoint must start with http:// or https:// and name a host.",
            ),
            service_api_key=self._text(
                "service_api_key",
                "The API key of the service, at least 32 characters; "
                "needed with service_endpoint, and made when empty without it.",
                sensitive=True,
            ),
            service_store=self._text(
                "service_store",
                "The PostgreSQL database of the service on this machine, postgresql://user@host/database, "
                "without a password; empty for a file in its data folder.",
            ),
            service_store_password_file=self._text(
                "service_store_password_file",
                "The file, in libpq's form and with mode 0600, that the password for service_store is looked up in; "
                "empty for none.",
            ),
            after=shared.dependables,
        )

    def _space_id(self, name: str, what: str, more: str = "") -> str:
        return self._text(f"{name}_space_id", f"The id or slug of the {what} {_LOOKED_UP}{more}.")

    def _text(
        self,
        name: str,
        description: str,
        *,
        default: str = "",
        sensitive: bool | None = None,
        condition: str = "",
        otherwise: str = "",
    ) -> str:
        """Declare a variable and return the reference to it."""
        rule = TerraformVariableValidationConfig(condition=f"${{{condition}}}", error_message=otherwise)
        variable = TerraformVariable(
            self,
            name,
            type="string",
            description=description,
            sensitive=sensitive,
            validation=[rule] if condition else None,
        )
        # As arguments, an empty default and a false would be left out of the HCL that `cdktf synth --hcl` writes.
        variable.add_override("default", default)
        variable.add_override("nullable", value=False)
        return variable.string_value

    def _outputs(self, personalization: Personalization) -> None:
        self._output("personalization_space_id", "The id of the personalization space.", personalization.space.id)
        self._output("specification_id", "The id of the specification.", personalization.specification.id)
        for name, operation, action in (
            ("get_profile_action_id", "get-profile", personalization.get_profile),
            ("upsert_profile_action_id", "create-or-update-profile", personalization.upsert_profile),
        ):
            description = f"The id of the action {operation}, which can be called once the source identity is there."
            output = self._output(name, description, action.id)
            # CDKTF writes an output's own `depends_on` as a template, which Terraform refuses.
            identity = f"{personalization.identity.terraform_type}.{personalization.identity.friendly_unique_id}"
            output.add_override("depends_on", [identity])
        self._output(
            "bridge_ids",
            "The ids of the bridges to the personalization space, by the space that they come from.",
            {name: bridge.id for name, bridge in personalization.bridges.items()},
        )
        self._output("service_url", "Where the service answers.", personalization.service_url)

    def _output(self, name: str, description: str, value: object) -> TerraformOutput:
        return TerraformOutput(self, name, description=description, value=value)
