"""How a table for the store on DynamoDB is made."""

from contextlib import suppress
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from service.storage import StoreUnavailableError
from service.storage.dynamodb_table import Table

DEFINITION: Final[dict[str, Any]] = {
    "AttributeDefinitions": [{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
    "BillingMode": "PAY_PER_REQUEST",
}
"""What makes a table one that the store can use; it is always encrypted, by default with a key that AWS owns."""

_TIME_TO_LIVE: Final = {"Enabled": True, "AttributeName": "expires"}
_PATIENCE: Final = {"Delay": 2, "MaxAttempts": 60}


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
    table = Table(address)
    client, name = table.client, {"TableName": table.name}
    encryption = {"SSESpecification": {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": kms_key}} if kms_key else {}
    try:
        with suppress(client.exceptions.ResourceInUseException):
            client.create_table(**name, **DEFINITION, **encryption)
        client.get_waiter("table_exists").wait(**name, WaiterConfig=_PATIENCE)
        ttl = client.describe_time_to_live(**name)["TimeToLiveDescription"]
        if ttl["TimeToLiveStatus"] not in {"ENABLED", "ENABLING"}:
            client.update_time_to_live(**name, TimeToLiveSpecification=_TIME_TO_LIVE)
        if recovery:
            client.update_continuous_backups(
                **name, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
            )
    except ClientError as error:
        raise StoreUnavailableError(error.response["Error"]["Code"]) from None
    except BotoCoreError as error:
        raise StoreUnavailableError(type(error).__name__) from None
    finally:
        table.close()
