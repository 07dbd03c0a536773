"""What an operator is told of an error of DynamoDB or of its client: what it is called, and what to do about it.

The words of the error itself are left out, which name accounts and repeat what was asked.
"""

from typing import Final

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError,  # noqa: A004 - botocore's name for it
    CredentialRetrievalError,
    HTTPClientError,
    NoCredentialsError,
    PartialCredentialsError,
    ProfileNotFound,
    SSLError,
)

_REFUSED: Final = frozenset(
    {
        "ExpiredTokenException",
        "IncompleteSignatureException",
        "InvalidSignatureException",
        "MissingAuthenticationTokenException",
        "UnrecognizedClientException",
    }
)


CANCELED: Final = "TransactionCanceledException"
"""The code of an error that says of each action of a transaction why it was canceled."""

_MAY_PASS: Final = frozenset(
    {"None", "ConditionalCheckFailed", "ProvisionedThroughputExceeded", "ThrottlingError", "TransactionConflict"}
)


def code_of(error: ClientError) -> str:
    """Return the code of an error of the engine, such as `ResourceNotFoundException`."""
    return str(error.response["Error"]["Code"])


def refusals(error: ClientError) -> list[str]:
    """Return for what a transaction was canceled that no other one has to do with, such as `ValidationError`."""
    reasons = (str(reason["Code"]) for reason in error.response.get("CancellationReasons", ()))
    return sorted(set(reasons) - _MAY_PASS)


def told(error: ClientError | BotoCoreError, address: str) -> str:
    """Return what to do about an error, and its name.

    Args:
        error: that a call has ended with.
        address: of the table, see `service.storage.dynamodb_address`.

    """
    names = (code_of(error), *refusals(error)) if isinstance(error, ClientError) else (type(error).__name__,)
    name = " ".join(names)
    advice = _advice(error, address)
    return f"{advice} ({name})" if advice else name


def _advice(error: ClientError | BotoCoreError, address: str) -> str | None:
    match error:
        case ClientError():
            return _advice_on_code(error, address)
        case NoCredentialsError():
            return (
                "no credentials are found; give it a role, or a file that AWS_SHARED_CREDENTIALS_FILE names, since a "
                "service reads none from AWS_ACCESS_KEY_ID"
            )
        case CredentialRetrievalError() | PartialCredentialsError() | ProfileNotFound():
            return "its credentials cannot be read; look at the role, or at the files and the profile that AWS_* name"
        case SSLError():
            return "its certificate is not accepted; look at the endpoint, or at the file that AWS_CA_BUNDLE names"
        case ConnectionError() | HTTPClientError():
            return "nothing answers there; look at the region, the endpoint and the network"
    return None


def _advice_on_code(error: ClientError, address: str) -> str | None:
    match code_of(error):
        case "ResourceNotFoundException":
            return f"there is no such table in the region; `personalization tables create --store {address}` makes it"
        case "AccessDeniedException":
            return f"its credentials do not allow {error.operation_name}; docs/stores.md has the policy that they need"
        case code if code in _REFUSED:
            return "its credentials are not accepted; renew them, or look at the clock of this machine"
    return None
