from __future__ import annotations

from tama.catalog.common import found, parent, provision_state, secret
from tama.catalog.declaration import Block, Integers, Problem, Resource, Settling, Text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tama.catalog.declaration import Values


_CREDENTIAL = ("api_key", "client_id", "client_secret")


def is_method(text: str) -> bool:
    """Whether a text can be an HTTP method."""
    return text.isascii() and text.isalpha()


def is_status(code: object) -> bool:
    """Whether a number can be a status code of HTTP (RFC 9110, section 15)."""
    return isinstance(code, int) and 100 <= code <= 599  # noqa: PLR2004 - its own bounds


def _mistakes(config: Values, known: Callable[[object], bool]) -> Iterator[Problem]:
    """One credential, and a request that can be sent."""
    yield from _one_credential(config, known)
    validation = config["validation"]
    if not known(validation) or validation is None:
        return
    method, codes = validation["method"], validation["codes"]
    if known(method) and method and not is_method(method):
        yield Problem(
            "Invalid Attribute Value",
            "Attribute validation.method value must be an HTTP method such as GET.",
            ("validation", "method"),
        )
    if known(codes) and not all(is_status(code) for code in codes or () if known(code)):
        yield Problem(
            "Invalid Attribute Value",
            "Attribute validation.codes values must be whole numbers between 100 and 599.",
            ("validation", "codes"),
        )


def _one_credential(config: Values, known: Callable[[object], bool]) -> Iterator[Problem]:
    """An API key, or a client id with its secret; never both, never neither."""
    if all(known(config[name]) for name in _CREDENTIAL):
        yield from _combination(*(config[name] for name in _CREDENTIAL))
    for name in _CREDENTIAL:
        if known(config[name]) and config[name] == "":
            yield Problem(
                "Invalid Attribute Value", f"{name} must not be empty: give one, or leave the attribute out.", (name,)
            )


def _combination(key: object, client: object, secret: object) -> Iterator[Problem]:
    if key is not None and client is not None:
        yield Problem("Invalid Attribute Combination", "api_key cannot be given together with client_id.", ("api_key",))
    if key is not None and secret is not None:
        yield Problem(
            "Invalid Attribute Combination", "api_key cannot be given together with client_secret.", ("api_key",)
        )
    if (client is None) != (secret is None):
        missing = "client_id" if client is None else "client_secret"
        yield Problem(
            "Invalid Attribute Combination", "client_id and client_secret must be given together.", (missing,)
        )
    if key is None and client is None and secret is None:
        yield Problem("Missing Attribute Configuration", "Give api_key, or client_id and client_secret.")


RESOURCE = Resource(
    "source_identity",
    thing="source identity",
    summary="The credential with which Tama calls a specification's endpoint, and the request that validates it.",
    collection="/provision/sensory/specifications/{specification_id}/identifiers/{identifier}/identities",
    member="/provision/sensory/identities/{id}",
    wrapper="identity",
    attributes=(
        parent("specification_id", "specification", "The specification whose endpoint is called."),
        Text(
            "identifier",
            "The name of the security scheme of the specification that the credential is for.",
            required=True,
            replaces=True,
            non_empty=True,
        ),
        *secret("api_key", "The API key. Without one, `client_id` and `client_secret` are required."),
        Text("client_id", "The client id of OAuth 2.0 client credentials.", optional=True, returned=False),
        *secret("client_secret", "The secret of that client."),
        provision_state("identity"),
        Text(
            "current_state",
            "What the validation came to: `active` or `failed`.",
            computed=True,
            follows=(
                *("api_key", "api_key_wo_version", "client_id", "client_secret", "client_secret_wo_version"),
                "validation",
            ),
        ),
    ),
    blocks=(
        Block(
            "validation",
            "The request that shows whether the credential works.",
            (
                Text("path", "Its path, below the specification's endpoint.", required=True, non_empty=True),
                Text("method", "Its HTTP method.", required=True, non_empty=True),
                Integers("codes", "The status codes that mean success.", required=True, replaces=True, non_empty=True),
            ),
            required=True,
        ),
    ),
    settles=Settling("current_state", good=("active",), bad=("failed",)),
    validate=_mistakes,
)

DATA_SOURCE = found(RESOURCE, "A source identity that someone else declared.")
