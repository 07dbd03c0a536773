from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from stack.cdktf_ import Construct, Fn, ITerraformDependable, Token
from stack.element import given_or_null, is_empty, literal, when
from stack.tama import (
    DataTamaAction,
    DataTamaActions,
    LocalService,
    SourceIdentity,
    Space,
    SpaceBridge,
    Specification,
)
from stack.tama.source_identity import SourceIdentityValidation, SourceIdentityWaitFor, SourceIdentityWaitForField
from stack.tama.specification import SpecificationWaitFor, SpecificationWaitForField

BASE_PATH = "/internal/personalization"


class Personalization(Construct):
    """The personalization module: space, specification, actions, credential, bridges, and the service behind them.

    Args:
        scope: Where the construct hangs in the tree.
        id_: Its name there.
        contract: The service's OpenAPI document, a YAML file. Each of its operations becomes an action.
        callers: The ids of the spaces that use profiles, by the names of their bridges.
        data_folder: The folder for the data of a service on this machine, absolute.
        space_name: The name of the personalization space.
        specification_version: The version that the specification is registered with; empty for the document's own.
        service_endpoint: The URL of a service that runs elsewhere, with or without `/internal/personalization`; empty
            to start one on this machine. Known at plan time, as Terraform decides then.
        service_api_key: The API key of the service, at least 32 characters, sensitive. Needed with
            `service_endpoint`; made when empty without it.
        service_store: The PostgreSQL database of the service on this machine; a file in `data_folder` when empty.
        service_store_password_file: The file, in libpq's form, that the password for it is looked up in; empty for
            none.
        after: What must be there before the personalization space is created.
    """

    def __init__(  # noqa: PLR0913 - a construct states all its inputs, by name
        self,
        scope: Construct,
        id_: str,
        /,
        *,
        contract: Path,
        callers: Mapping[str, str],
        data_folder: str,
        space_name: str = "personalization",
        specification_version: str = "",
        service_endpoint: str = "",
        service_api_key: str = "",
        service_store: str = "",
        service_store_password_file: str = "",
        after: Sequence[ITerraformDependable] = (),
    ) -> None:
        super().__init__(scope, id_)
        document = yaml.safe_load(contract.read_text("utf-8"))
        self.space = Space(self, "space", name=space_name, type="component", depends_on=after)
        self.service = LocalService(
            self,
            "local_service",
            data_folder=data_folder,
            api_key=given_or_null(service_api_key),
            store=given_or_null(service_store),
            store_password_file=given_or_null(service_store_password_file),
            count=when(is_empty(service_endpoint)),
        )
        elsewhere = Fn.trimsuffix(Fn.trimsuffix(service_endpoint, "/"), BASE_PATH)
        own = Fn.one(self.service.every("url"))
        self.service_url = Token.as_string(Fn.conditional(is_empty(service_endpoint), own, elsewhere))
        """Where the service answers, wherever it runs."""
        self.specification = self._specification(document, specification_version)
        self.get_profile = self._action("get_profile", "get-profile")
        """The action that reads a profile."""
        self.upsert_profile = self._action("upsert_profile", "create-or-update-profile")
        """The action that creates a profile or changes it."""
        self.actions = DataTamaActions(self, "actions", specification_id=self.specification.id)
        """The actions of all operations."""
        self.identity = self._identity(service_endpoint, service_api_key)
        self.bridges = {
            name: SpaceBridge(self, f"bridge_{name}", space_id=caller, target_space_id=self.space.id)
            for name, caller in callers.items()
        }
        """The bridges by their names."""

    def _specification(self, document: Mapping[str, Any], version: str) -> Specification:
        completed = SpecificationWaitForField(name="current_state", in_=["completed"])
        return Specification(
            self,
            "specification",
            space_id=self.space.id,
            schema=literal(json.dumps(document, ensure_ascii=False)),
            version=Token.as_string(Fn.coalesce([version, document["info"]["version"]])),
            endpoint=f"{self.service_url}{BASE_PATH}",
            wait_for=[SpecificationWaitFor(field=[completed])],
        )

    def _action(self, name: str, operation: str) -> DataTamaAction:
        """Look an operation up by a direct reference, so that it and its action can come in one change."""
        return DataTamaAction(self, f"action_{name}", specification_id=self.specification.id, identifier=operation)

    def _identity(self, service_endpoint: str, service_api_key: str) -> SourceIdentity:
        own = Fn.one(self.service.every("api_key"))
        active = SourceIdentityWaitForField(name="current_state", in_=["active"])
        return SourceIdentity(
            self,
            "source_identity",
            specification_id=self.specification.id,
            identifier="ApiKey",
            api_key=Token.as_string(Fn.conditional(is_empty(service_endpoint), own, service_api_key)),
            validation=SourceIdentityValidation(path="/whoami", method="GET", codes=[200]),
            wait_for=[SourceIdentityWaitFor(field=[active])],
        )
