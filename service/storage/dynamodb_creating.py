"""How a table for the store on DynamoDB is made."""

import time
from contextlib import closing, suppress
from typing import Any, Final

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from service.storage import StoreUnavailableError
from service.storage.dynamodb_address import read_address
from service.storage.dynamodb_errors import told
from service.storage.dynamodb_table import attempts, make_client

DEFINITION: Final[dict[str, Any]] = {
    "AttributeDefinitions": [{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
    "BillingMode": "PAY_PER_REQUEST",
}
"""What makes a table one that the store can use; it is always encrypted, by default with a key that AWS owns."""

PATIENCE_S: Final = 120.0
"""How long a new table may take until it can be used, and as long again until it can be restored."""

_POLL_S = 2
_CONFIG: Final = Config(connect_timeout=2, read_timeout=20, retries={"total_max_attempts": 3, "mode": "standard"})
_TIME_TO_LIVE: Final = {"Enabled": True, "AttributeName": "expires"}
_RECOVERY: Final = {"PointInTimeRecoveryEnabled": True}


def create_table(address: str, *, kms_key: str | None, recovery: bool) -> None:
    """Make a table, wait until it can be used, and have the engine delete what has expired.

    What is there already stays, so a call that was cut off can be made again.

    Args:
        address: see `service.storage.dynamodb_address`.
        kms_key: the id or ARN of the KMS key that encrypts the table; None for one that AWS owns.
        recovery: whether the table can be restored to any second of the last 35 days, which AWS charges for.

    Raises:
        StoreUnavailableError: it was not done, or not all of it.

    """
    try:
        with closing(make_client(address, _CONFIG)) as client:
            _create(client, read_address(address).table, kms_key)
            if recovery:
                _make_restorable(client, read_address(address).table)
    except (BotoCoreError, ClientError) as error:
        raise StoreUnavailableError(told(error, address)) from None


def _create(client: Any, name: str, kms_key: str | None) -> None:
    encryption = {"SSESpecification": {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": kms_key}} if kms_key else {}
    with suppress(client.exceptions.ResourceInUseException):
        client.create_table(TableName=name, **DEFINITION, **encryption)
    patience = {"Delay": _POLL_S, "MaxAttempts": int(PATIENCE_S / _POLL_S)}
    client.get_waiter("table_exists").wait(TableName=name, WaiterConfig=patience)
    if client.describe_table(TableName=name)["Table"]["KeySchema"] != DEFINITION["KeySchema"]:
        raise StoreUnavailableError("there is a table of this name with another key; choose another name")
    ttl = client.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
    if ttl["TimeToLiveStatus"] not in {"ENABLED", "ENABLING"}:
        client.update_time_to_live(TableName=name, TimeToLiveSpecification=_TIME_TO_LIVE)


def _make_restorable(client: Any, name: str) -> None:
    for _ in attempts(time.monotonic() + PATIENCE_S):
        # A table can be used before it has the backups of which this is a part.
        with suppress(client.exceptions.ContinuousBackupsUnavailableException):
            client.update_continuous_backups(TableName=name, PointInTimeRecoverySpecification=_RECOVERY)
            return
    raise StoreUnavailableError("it cannot be restored yet; run the command again later")
