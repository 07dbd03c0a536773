"""One table of DynamoDB: calls that end in time, and what their errors say of the outcome.

Every item has the key `pk` and `sk`, both text. One that has `expires`, in seconds since the epoch, is gone from then
on; the engine deletes it days later, so who reads looks at the time.
"""

import random
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError,  # noqa: A004 - botocore's name for it
    HTTPClientError,
)

from service.storage import StoreUnavailableError
from service.storage.dynamodb_address import read_address
from service.storage.dynamodb_errors import CANCELED, code_of, refusals, told

WORK_S: Final = 1.8
"""How long all calls of one read or write may take together."""

CONNECTIONS: Final = 64

_ANSWER_S = 0.4
_CONFIG: Final = Config(
    connect_timeout=0.2,
    read_timeout=_ANSWER_S,
    retries={"total_max_attempts": 1},
    max_pool_connections=CONNECTIONS,
)
_FIRST_PAUSE_S = 0.01
_LONGEST_PAUSE_S = 0.2
_GOT_TOGETHER = 100
"""How many items one BatchGetItem returns."""

_PUT_TOGETHER = 25
"""How many items one BatchWriteItem stores."""

_THROTTLED = frozenset(
    {"LimitExceededException", "ProvisionedThroughputExceededException", "RequestLimitExceeded", "ThrottlingException"}
)

_IN_PROGRESS = "TransactionInProgressException"
_SERVER_ERROR = 500

Row = dict[str, Any]
Key = tuple[str, str]


class ConflictError(Exception):
    """A transaction met another one.

    Attributes:
        is_certain: whether it is known that nothing was done.

    """

    def __init__(self, *, is_certain: bool = True) -> None:
        super().__init__()
        self.is_certain = is_certain


def attempts(deadline: float) -> Iterator[None]:
    """Yield as long as there is time for another attempt, with pauses that are random and become longer.

    Args:
        deadline: by `time.monotonic()`.

    """
    pause, longest = 0.0, _FIRST_PAUSE_S
    while time.monotonic() + pause + _ANSWER_S <= deadline:
        time.sleep(pause)
        yield
        pause, longest = random.uniform(0, longest), min(2 * longest, _LONGEST_PAUSE_S)  # noqa: S311 - it spreads calls


def make_client(address: str, config: Config) -> Any:
    """Return a client of DynamoDB; credentials are found where AWS's clients look for them.

    Args:
        address: see `read_address`.
        config: of the client.

    Raises:
        BotoCoreError: no client could be made.

    """
    region, _, endpoint = read_address(address)
    return boto3.client("dynamodb", region_name=region, endpoint_url=endpoint, config=config)


class Table:
    """A table, and a client whose connections threads share.

    Each call takes the `deadline`, by `time.monotonic()`, after which it is not repeated any more.

    Args:
        address: see `read_address`.
        answer_s: for how many seconds an answer is waited for.

    Raises:
        StoreUnavailableError: no client could be made.

    """

    def __init__(self, address: str, *, answer_s: float = _ANSWER_S) -> None:
        self._address = address
        self.name = read_address(address).table
        try:
            self._client = make_client(address, _CONFIG.merge(Config(read_timeout=answer_s)))
        except BotoCoreError as error:
            raise StoreUnavailableError(told(error, address)) from None
        self._is_closed = False

    def get(self, keys: Sequence[Key], deadline: float) -> list[Row]:
        """Return the items with these keys that are there, each as it was last written."""
        found: list[Row] = []
        rows = [key_row(key) for key in dict.fromkeys(keys)]
        for start in range(0, len(rows), _GOT_TOGETHER):
            found += self._get(rows[start : start + _GOT_TOGETHER], deadline)
        return found

    def get_at_once(self, keys: Sequence[Key], deadline: float) -> list[Row]:
        """Return the items with these keys that are there, as they were at one moment.

        Raises:
            ConflictError: one of them is being written.

        """
        gets = [{"Get": {"TableName": self.name, "Key": key_row(key)}} for key in dict.fromkeys(keys)]
        answer = self._call(self._client.transact_get_items, deadline, TransactItems=gets)
        return [found["Item"] for found in answer["Responses"] if "Item" in found]

    def query(
        self, pk: str, first: str, last: str, deadline: float, *, limit: int | None = None, newest_first: bool = False
    ) -> Iterator[Row]:
        """Return the items with `first <= sk <= last`, each as it was last written, in the order of their bytes.

        Args:
            pk: the partition they are in.
            first: not empty.
            last: not before `first`.
            deadline: see `Table`.
            limit: how many are wanted, which is how many are read at a time.
            newest_first: whether the order is reversed.

        """
        request = self._range(pk, first, last) | {"ScanIndexForward": not newest_first}
        if limit is not None:
            request["Limit"] = limit
        for page in self._pages(request, deadline):
            yield from page["Items"]

    def count(self, pk: str, first: str, last: str, deadline: float) -> int:
        """Return how many items there are with `first <= sk <= last`."""
        request = self._range(pk, first, last) | {"Select": "COUNT"}
        return sum(page["Count"] for page in self._pages(request, deadline))

    def scan(self, after: Key | None, limit: int, seconds: float) -> Iterator[list[Row]]:
        """Return all items behind one, some at a time, one partition after the other.

        Args:
            after: the key of an item; None to begin with the first.
            limit: how many are read at a time, at most.
            seconds: how long each call may take.

        """
        request: dict[str, Any] = {"TableName": self.name, "ConsistentRead": True, "Limit": limit}
        if after is not None:
            request["ExclusiveStartKey"] = key_row(after)
        while True:
            page = self._call(self._client.scan, time.monotonic() + seconds, **request)
            if page["Items"]:
                yield page["Items"]
            if "LastEvaluatedKey" not in page:
                return
            request["ExclusiveStartKey"] = page["LastEvaluatedKey"]

    def put(self, rows: Sequence[Row], deadline: float) -> None:
        """Store items, each by itself; to store one again changes nothing."""
        for start in range(0, len(rows), _PUT_TOGETHER):
            puts = [{"PutRequest": {"Item": row}} for row in rows[start : start + _PUT_TOGETHER]]
            left: Any = {self.name: puts}
            for _ in attempts(deadline):
                left = self._call(self._client.batch_write_item, deadline, RequestItems=left)["UnprocessedItems"]
                if not left:
                    break
            else:
                raise StoreUnavailableError("not all items were stored in time")

    def transact(self, actions: Sequence[Row], token: str, deadline: float) -> None:
        """Do all actions or none.

        Args:
            actions: as TransactWriteItems takes them, without the name of the table.
            token: an id of this transaction, by which the engine knows it when it is sent again.
            deadline: see `Table`.

        Raises:
            ConflictError: it was cancelled, by a condition or by another transaction.

        """
        items = [{kind: {**action, "TableName": self.name} for kind, action in named.items()} for named in actions]
        self._call(self._client.transact_write_items, deadline, TransactItems=items, ClientRequestToken=token)

    def close(self) -> None:
        """Let go of all connections."""
        self._is_closed = True
        self._client.close()

    def _get(self, keys: Sequence[Row], deadline: float) -> list[Row]:
        found: list[Row] = []
        wanted: Any = {self.name: {"Keys": keys, "ConsistentRead": True}}
        for _ in attempts(deadline):
            answer = self._call(self._client.batch_get_item, deadline, RequestItems=wanted)
            found += answer["Responses"].get(self.name, [])
            wanted = answer["UnprocessedKeys"]
            if not wanted:
                return found
        raise StoreUnavailableError("not all items were read in time")

    def _range(self, pk: str, first: str, last: str) -> dict[str, Any]:
        return {
            "TableName": self.name,
            "ConsistentRead": True,
            "KeyConditionExpression": "pk = :pk AND sk BETWEEN :first AND :last",
            "ExpressionAttributeValues": {":pk": {"S": pk}, ":first": {"S": first}, ":last": {"S": last}},
        }

    def _pages(self, request: dict[str, Any], deadline: float) -> Iterator[dict[str, Any]]:
        while True:
            page = self._call(self._client.query, deadline, **request)
            yield page
            if "LastEvaluatedKey" not in page:
                return
            request["ExclusiveStartKey"] = page["LastEvaluatedKey"]

    def _call(self, operation: Callable[..., Any], deadline: float, **request: Any) -> Any:
        """Call an operation, again where that may help; what is sent again is the same, with the same token."""
        if self._is_closed:
            raise StoreUnavailableError("it was closed")
        problem, is_certain = "there was no time", True
        for _ in attempts(deadline):
            try:
                return operation(**request)
            except ClientError as error:
                problem = told(error, self._address)
                code = code_of(error)
                if code == CANCELED and not refusals(error):
                    raise ConflictError(is_certain=is_certain) from None
                if error.response["ResponseMetadata"]["HTTPStatusCode"] >= _SERVER_ERROR or code == _IN_PROGRESS:
                    is_certain = False
                elif code not in _THROTTLED:
                    raise StoreUnavailableError(problem) from None
            except HTTPClientError as error:
                problem, is_certain = told(error, self._address), False
            except ConnectionError as error:
                problem = told(error, self._address)
            except BotoCoreError as error:
                raise StoreUnavailableError(told(error, self._address)) from None
        raise StoreUnavailableError(problem)


def key_row(key: Key) -> Row:
    """Return a key as the engine takes it."""
    pk, sk = key
    return {"pk": {"S": pk}, "sk": {"S": sk}}
