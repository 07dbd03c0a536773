"""The provider of Tama: its configuration and its types."""

from __future__ import annotations

import posix

from provider.framework.diagnostics import Diagnostic, Failure
from provider.framework.resource import Provider
from provider.framework.schema import NUMBER, STRING, STRINGS, Attribute, Schema
from provider.framework.validators import between, whole
from provider.protocol.values import UNKNOWN
from tama import catalog
from tama.client import Tls, check_base_url, connect
from tama.client.errors import ConfigurationError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from provider.framework.diagnostics import Diagnostics
    from provider.framework.function import Function
    from provider.framework.resource import DataSource, Resource
    from provider.framework.values import Values
    from tama.client import Client

_SECONDS = (1, 3600)  # that a request may be given
_CONNECTIONS = (1, 1000)

_SCHEMA = Schema(
    (
        Attribute(
            "base_url",
            STRING,
            "Where Tama is: `https://…` for a hosted one, or `embedded:<folder>` for one in the provider's own process "
            "that keeps what it knows in that folder. Also from `TAMA_BASE_URL`.",
            optional=True,
        ),
        Attribute(
            "client_id",
            STRING,
            "The id of the client that the provider is to a hosted Tama. Also from `TAMA_CLIENT_ID`.",
            optional=True,
        ),
        Attribute(
            "client_secret",
            STRING,
            "The secret of that client. Also from `TAMA_CLIENT_SECRET`.",
            optional=True,
            sensitive=True,
        ),
        Attribute(
            "scopes",
            STRINGS,
            "The scopes that the client asks for; `provision.all` when not given. Also from `TAMA_SCOPES`, divided by "
            "spaces.",
            optional=True,
        ),
        Attribute(
            "timeout",
            NUMBER,
            "How long one request to a hosted Tama may take, in seconds; 30 when not given. With its repetitions it "
            "may take four times as long. Also from `TAMA_TIMEOUT`.",
            optional=True,
            validators=(whole, between(*_SECONDS)),
        ),
        Attribute(
            "max_connections",
            NUMBER,
            "How many requests to a hosted Tama may be under way at once; 10 when not given. Also from "
            "`TAMA_MAX_CONNECTIONS`.",
            optional=True,
            validators=(whole, between(*_CONNECTIONS)),
        ),
        Attribute(
            "ca_file",
            STRING,
            "A file with the certificates, in PEM, of those who may vouch for a hosted Tama, in the place of the "
            "system's. Also from `TAMA_CA_FILE`.",
            optional=True,
        ),
        Attribute(
            "cert_file",
            STRING,
            "A file with the certificate, in PEM, that the provider shows to a hosted Tama. Also from "
            "`TAMA_CERT_FILE`.",
            optional=True,
        ),
        Attribute(
            "key_file",
            STRING,
            "A file with the key of that certificate, in PEM and not encrypted; when not given, it is in `cert_file`. "
            "Also from `TAMA_KEY_FILE`.",
            optional=True,
        ),
    ),
    "Tama, an AI orchestration platform.",
)
_DEFAULT_SCOPES, _DEFAULT_TIMEOUT, _DEFAULT_CONNECTIONS = ["provision.all"], 30, 10


class TamaProvider(Provider):
    """The provider.

    Args:
        site_packages: the folder of installed packages of the environment that the local service is to run in.
    """

    schema = _SCHEMA
    succeeds = ("upmaru/tama",)

    def __init__(self, site_packages: str) -> None:
        self._site_packages = site_packages
        self._client: Client | None = None
        self._unknown = ""
        self.resources = {f"tama_{type_}": self._resource(type_) for type_ in catalog.RESOURCES}
        self.resources["tama_local_service"] = self._local_service
        self.functions = {"openapi": self._openapi}
        self.data_sources = {f"tama_{type_}": self._data_source(type_) for type_ in catalog.DATA_SOURCES}

    def configure(self, config: Values, diagnostics: Diagnostics) -> None:
        """Take the configuration, else the environment. A value that is not known yet is not one that is missing."""
        base_url, client_id, client_secret = (
            _given(config, name) for name in ("base_url", "client_id", "client_secret")
        )
        if not base_url:
            raise Failure(_MISSING_BASE_URL)
        if base_url is not UNKNOWN:
            try:
                check_base_url(base_url)
            except ConfigurationError as error:
                raise Failure(Diagnostic("Invalid Base URL Configuration", str(error), ("base_url",))) from error
        settings: dict[str, Any] = {}
        files: dict[str, Any] = {}
        if base_url is not UNKNOWN and not base_url.startswith("embedded:"):
            for value, problem in ((client_id, _MISSING_CLIENT_ID), (client_secret, _MISSING_CLIENT_SECRET)):
                if not value:
                    diagnostics.add(problem)
            settings = {
                "client_id": client_id,
                "client_secret": client_secret,
                "scopes": _scopes(config),
                "timeout": _number(config, "timeout", _DEFAULT_TIMEOUT, *_SECONDS),
                "max_connections": _number(config, "max_connections", _DEFAULT_CONNECTIONS, *_CONNECTIONS),
            }
            files = {name: _given(config, name) for name in ("ca_file", "cert_file", "key_file")}
            if files["key_file"] and not files["cert_file"]:
                diagnostics.add(_MISSING_CERTIFICATE)
        unknown = [name for name, value in {"base_url": base_url, **settings, **files}.items() if _is_unknown(value)]
        self._unknown = ", ".join(unknown)
        if unknown or diagnostics.has_errors():
            return
        self._client = connect(base_url, **settings, tls=Tls(**files), pause=self._pause)

    def interrupt(self) -> None:
        """Have requests end soon; a create that was sent is recorded by its key."""
        if self._client is not None:
            self._client.interrupt()

    def close(self) -> None:
        """Close the client: the last process that closes an embedded store leaves no log with deleted secrets."""
        if self._client is not None:
            self._client.close()

    def _pause(self, seconds: float, why: str) -> bool:
        from provider.protocol.log import log  # noqa: PLC0415 - most runs meet no trouble

        log("info", f"a request is repeated in {seconds:.2f} s: {why}")
        return self.stop.wait(seconds)

    def client(self) -> Client:
        """Return the client of the configured control plane; a Failure when the configuration is not known yet."""
        if self._client is None:
            raise Failure(
                Diagnostic(
                    "Unknown Provider Configuration",
                    f"The provider's {self._unknown or 'configuration'} is known after apply only, and this needs the "
                    "control plane now. Apply what it depends on first, with -target.",
                )
            )
        return self._client

    def _openapi(self) -> Function:
        from provider.resources.openapi import OPENAPI  # noqa: PLC0415 - few runs call a function

        return OPENAPI

    def _resource(self, type_: str) -> Callable[[], Resource]:
        def make() -> Resource:
            from provider.resources.managed import CatalogResource  # noqa: PLC0415 - not every launch needs one

            return CatalogResource(catalog.resource(type_), self.client)

        return make

    def _data_source(self, type_: str) -> Callable[[], DataSource]:
        def make() -> DataSource:
            from provider.resources.lookup import CatalogDataSource  # noqa: PLC0415 - as above

            return CatalogDataSource(catalog.data_source(type_), self.client)

        return make

    def _local_service(self) -> Resource:
        from provider.resources.local_service_resource import LocalService  # noqa: PLC0415 - as above

        return LocalService.of_environment(self._site_packages)


def _given(config: Values, name: str) -> Any:
    """Return what is configured, else what stands in the environment; None when it is neither, or empty."""
    return config[name] or _environment(name) or None


def _scopes(config: Values) -> Any:
    if config["scopes"] is not None:
        return config["scopes"]
    return _environment("scopes").split() or _DEFAULT_SCOPES


def _number(config: Values, name: str, default: int, least: int, most: int) -> Any:
    if config[name] is not None:
        return config[name]
    text = _environment(name) or str(default)
    if text.isascii() and text.isdecimal() and least <= int(text) <= most:
        return int(text)
    detail = f"TAMA_{name.upper()} must be a whole number between {least} and {most}, got: {text}"
    raise Failure(Diagnostic("Invalid Provider Configuration", detail, (name,)))


def _environment(name: str) -> str:
    return posix.environ.get(f"TAMA_{name.upper()}".encode(), b"").decode()


def _is_unknown(value: object) -> bool:
    return value is UNKNOWN or (isinstance(value, list) and UNKNOWN in value)


_MISSING_BASE_URL = Diagnostic(
    "Missing Base URL Configuration",
    "The provider does not know where Tama is. Set base_url, or the environment variable TAMA_BASE_URL, to one of\n"
    "  embedded:<folder>  a control plane in the provider's own process, which keeps what it knows in that folder\n"
    "  https://<host>     a hosted Tama",
    ("base_url",),
)
_MISSING_CLIENT_ID = Diagnostic(
    "Missing Client ID Configuration",
    "A hosted Tama needs a client id: set client_id, or the environment variable TAMA_CLIENT_ID.",
    ("client_id",),
)
_MISSING_CLIENT_SECRET = Diagnostic(
    "Missing Client Secret Configuration",
    "A hosted Tama needs a client secret: set client_secret, or the environment variable TAMA_CLIENT_SECRET.",
    ("client_secret",),
)
_MISSING_CERTIFICATE = Diagnostic(
    "Missing Certificate Configuration",
    "A key needs its certificate: set cert_file, or the environment variable TAMA_CERT_FILE.",
    ("cert_file",),
)
