"""Which control plane a command is about, and how it is reached: as the provider reaches it."""

from __future__ import annotations

import os
from contextlib import closing, contextmanager

from hosting.outcome import FailedError, UnusableError

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator
    from typing import Any

    from tama.client import Client
    from tama.client.errors import TamaError

OURS = "/provision/control-plane"
"""Where the paths begin that Tama's own API does not have."""

WHOLE_S = 300.0
"""Seconds that a request may take whose body or answer is a whole control plane."""

_CREDENTIAL = ("client_id", "client_secret")
_FILES = ("ca_file", "cert_file", "key_file")
_LONGEST_S = 3600
_CONFLICT, _INVALID = 409, 422


def add_base_url(parser: argparse.ArgumentParser) -> None:
    """Declare the option that names the control plane."""
    parser.add_argument(
        "--base-url",
        metavar="URL",
        help="embedded:<folder>, or https://<host> with TAMA_CLIENT_ID and TAMA_CLIENT_SECRET set;"
        " by default the value of TAMA_BASE_URL",
    )


@contextmanager
def reached(options: argparse.Namespace, *, create: bool = False, timeout: float = 30.0) -> Iterator[Client]:
    """A client of the control plane that the options or the environment name, while this is entered.

    Args:
        options: the command's, with `base_url`.
        create: whether the folder of an embedded one is made when it is not there.
        timeout: seconds that a request over HTTP may take, where the environment says nothing.

    Raises:
        UnusableError: none is named, or not one that can be reached.
        FailedError: a request within failed.
    """
    from hosting.progress import waiting  # noqa: PLC0415 - as above
    from tama.client import check_base_url, connect  # noqa: PLC0415 - help needs none
    from tama.client.errors import ConfigurationError, TamaError  # noqa: PLC0415 - as above

    base_url = options.base_url or os.environ.get("TAMA_BASE_URL")
    if not base_url:
        raise UnusableError(
            "Say which control plane is meant: --base-url embedded:<folder> or --base-url https://<host>,"
            " or set TAMA_BASE_URL."
        )
    try:
        check_base_url(base_url)
        settings = {} if base_url.startswith("embedded:") else {"timeout": timeout, **_settings()}
        client = connect(base_url, **settings, create=create)
    except ConfigurationError as error:
        raise UnusableError(str(error)) from None
    try:
        with waiting(f"waiting for {base_url}"), closing(client):
            yield client
    except TamaError as error:
        raise FailedError(_sentence(error)) from None


def check_kind(kind: str) -> None:
    """Check that there may be objects of a kind.

    Raises:
        UnusableError: there is no such kind.
    """
    from tama.control_plane.kinds import Kinds  # noqa: PLC0415 - help needs none

    if kind not in (kinds := Kinds()):
        raise UnusableError(f"There is no kind '{kind}'. The kinds are {', '.join(kinds)}.")


def _settings() -> dict[str, Any]:
    """What the environment says of a control plane over HTTP, in the variables that the provider reads.

    Raises:
        UnusableError: it has no credential, or a timeout that is none.
    """
    from tama.client import Tls  # noqa: PLC0415 - help needs none

    given = {name: os.environ.get(f"TAMA_{name.upper()}", "") for name in (*_CREDENTIAL, *_FILES, "scopes", "timeout")}
    if missing := [f"TAMA_{name.upper()}" for name in _CREDENTIAL if not given[name]]:
        raise UnusableError(f"A control plane over HTTP asks for a credential: set {' and '.join(missing)}.")
    settings: dict[str, Any] = {name: given[name] for name in _CREDENTIAL}
    settings["tls"] = Tls(**{name: given[name] or None for name in _FILES})
    if scopes := given["scopes"].split():
        settings["scopes"] = scopes
    if timeout := given["timeout"]:
        if not timeout.isascii() or not timeout.isdecimal() or not 1 <= int(timeout) <= _LONGEST_S:
            raise UnusableError(f"TAMA_TIMEOUT is a whole number of seconds from 1 to {_LONGEST_S}, not {timeout!a}.")
        settings["timeout"] = int(timeout)
    return settings


def _sentence(error: TamaError) -> str:
    """What went wrong, and where it is known what to do next."""
    from tama.client.errors import NotFound, ResponseError, Unauthorized  # noqa: PLC0415 - as above

    if not isinstance(error, ResponseError):
        return str(error)
    messages = [(field, message) for field, those in error.errors.items() for message in those]
    said = ", ".join(message if field == "detail" else f"{field} {message}" for field, message in messages)
    if error.status in (_CONFLICT, _INVALID):
        return said if "detail" in error.errors else f"The control plane refused it: {said}."
    if isinstance(error, NotFound) and f" {OURS}/" in error.request:
        return (
            "This control plane answers nothing about itself as a whole, as Tama's own API does not: `tama serve` does."
        )
    said = f"The control plane answered {error.status}: {said or error.args[2]}."
    if isinstance(error, Unauthorized):
        said += " Look at TAMA_CLIENT_ID and TAMA_CLIENT_SECRET, and at TAMA_SCOPES where the client may not do all."
    return f"{said} Its log says more of the request {error.request_id}." if error.request_id else said
