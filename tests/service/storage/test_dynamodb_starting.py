"""What an operator is told where a table cannot be served or made: what to do, and no secret."""

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import boto3
import pytest

from service.__main__ import main
from service.storage.dynamodb import DynamoDBStore
from tests.service.server import RunningService
from tests.support.dynamodb import DynamoDB, FaultyDynamoDB, error

NO_ACCESS = "its credentials do not allow {}; docs/stores.md has the policy that they need (AccessDeniedException)"
NOT_ACCEPTED = (
    "its credentials are not accepted; renew them, or look at the clock of this machine (UnrecognizedClientException)"
)
NO_ANSWER = "nothing answers there; look at the region, the endpoint and the network ({})"
NO_CREDENTIALS = (
    "no credentials are found; give it a role, or a file that AWS_SHARED_CREDENTIALS_FILE names, since a service reads "
    "none from AWS_ACCESS_KEY_ID (NoCredentialsError)"
)
UNREADABLE = (
    "its credentials cannot be read; look at the role, or at the files and the profile that AWS_* name "
    "(ProfileNotFound)"
)
NO_TABLE = (
    "there is no such table in the region; `personalization tables create --store {}` makes it "
    "(ResourceNotFoundException)"
)
NAMES = {"names": [{"index": 0, "value": "Ana"}]}
NOWHERE = "dynamodb://eu-west-1/nowhere?endpoint=http://127.0.0.1:1"


@pytest.fixture
def faulty(dynamodb: DynamoDB) -> Iterator[FaultyDynamoDB]:
    with closing(FaultyDynamoDB(dynamodb.port)) as faulty:
        yield faulty


def refused(capsys: pytest.CaptureFixture[str], *command: str) -> str:
    """Run a command that fails, and return what it says."""
    assert main(command) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    return printed.err


def assert_refused(capsys: pytest.CaptureFixture[str], address: str, opening: str, making: str | None = None) -> None:
    """Hold what is said where a table cannot be opened, and where it cannot be made, which is the same by default."""
    said = refused(capsys, "keys", "list", "--store", address)
    assert said == f"personalization: The database {address} cannot be used: {opening}.\n"
    said = refused(capsys, "tables", "create", "--store", address)
    assert said == f"personalization: The table {address} cannot be made: {making or opening}.\n"


def test_a_missing_table_is_refused_with_the_command_that_makes_it(
    dynamodb: DynamoDB, capsys: pytest.CaptureFixture[str]
) -> None:
    address = dynamodb.address("missing")
    said = refused(capsys, "keys", "list", "--store", address)
    assert said == f"personalization: The database {address} cannot be used: {NO_TABLE.format(address)}.\n"
    serve = [sys.executable, "-m", "service", "serve", "--listen", "127.0.0.1:0", "--store", address]
    served = subprocess.run(serve, capture_output=True, text=True, timeout=60, check=False)
    assert (served.returncode, served.stdout) == (1, "")
    assert NO_TABLE.format(address) in served.stderr
    assert "Traceback" not in served.stderr


def test_a_table_of_another_region_is_missing(dynamodb: DynamoDB, capsys: pytest.CaptureFixture[str]) -> None:
    with dynamodb.database() as name:
        address = dynamodb.address(name).replace("eu-west-1", "us-east-1")
        assert NO_TABLE.format(address) in refused(capsys, "keys", "list", "--store", address)


def test_an_endpoint_that_is_not_there_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert_refused(capsys, NOWHERE, NO_ANSWER.format("EndpointConnectionError"))


@pytest.mark.parametrize(
    ("code", "said"),
    [("AccessDeniedException", NO_ACCESS), ("UnrecognizedClientException", NOT_ACCEPTED)],
)
def test_credentials_that_do_not_do_are_refused(
    dynamodb: DynamoDB, faulty: FaultyDynamoDB, capsys: pytest.CaptureFixture[str], code: str, said: str
) -> None:
    faulty.choose = lambda _operation: error(code)
    address = dynamodb.address("any", faulty.port)
    assert_refused(capsys, address, said.format("BatchGetItem"), said.format("CreateTable"))


def test_no_credentials_are_refused(
    dynamodb: DynamoDB, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    # It remembers the credentials that it has found.
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    address = dynamodb.address("any")
    assert_refused(capsys, address, NO_CREDENTIALS)
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    monkeypatch.setenv("AWS_PROFILE", "canary")
    assert_refused(capsys, address, UNREADABLE)


def test_a_table_of_somebody_else_is_left_as_it_is(dynamodb: DynamoDB, capsys: pytest.CaptureFixture[str]) -> None:
    key = {"AttributeName": "id", "KeyType": "HASH"}
    attribute = {"AttributeName": "id", "AttributeType": "S"}
    name = {"TableName": "somebody-elses"}
    dynamodb.client.create_table(
        **name, KeySchema=[key], AttributeDefinitions=[attribute], BillingMode="PAY_PER_REQUEST"
    )
    try:
        said = refused(capsys, "tables", "create", "--store", dynamodb.address("somebody-elses"))
        assert "there is a table of this name with another key; choose another name" in said
        ttl = dynamodb.client.describe_time_to_live(**name)["TimeToLiveDescription"]
        assert ttl["TimeToLiveStatus"] == "DISABLED"
    finally:
        dynamodb.client.delete_table(**name)


def test_an_empty_endpoint_is_not_taken_for_that_of_the_region(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tables", "create", "--store", "dynamodb://eu-west-1/any?endpoint="]) == 2
    assert "it must have the form dynamodb://REGION/TABLE" in capsys.readouterr().err


def test_a_table_is_named_by_the_variable_too(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PERSONALIZATION_STORE", NOWHERE)
    assert refused(capsys, "tables", "create").startswith(f"personalization: The table {NOWHERE} cannot be made: ")


def test_an_endpoint_with_a_password_is_refused_without_it(capsys: pytest.CaptureFixture[str]) -> None:
    for command in (["keys", "list"], ["tables", "create"]):
        assert main([*command, "--store", "dynamodb://eu-west-1/any?endpoint=http://user:canary@127.0.0.1:1"]) == 2
        printed = capsys.readouterr()
        assert "its endpoint has a password in it" in printed.err
        assert "canary" not in printed.out + printed.err


def test_whoever_is_ready_has_credentials_and_answers_the_first_calls(dynamodb: DynamoDB, tmp_path: Path) -> None:
    fetched, script, config = (tmp_path / name for name in ("fetched", "fetch", "config"))
    # It takes longer than an answer of the engine is waited for.
    script.write_text(f"""sleep 0.6; echo >> {fetched}
        echo '{{"Version": 1, "AccessKeyId": "test", "SecretAccessKey": "test"}}'""")
    config.write_text(f"[default]\ncredential_process = sh {script}\n")
    files = {"AWS_CONFIG_FILE": str(config), "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "none")}
    with dynamodb.database() as name:
        service = RunningService(tmp_path, database=dynamodb.address(name), environment=files)
        for start in ("first", "second"):
            with service, ThreadPoolExecutor(8) as threads:
                before = fetched.read_text()
                actors = [f"{start}-{number}" for number in range(8)]
                statuses = list(threads.map(lambda actor: service.put(actor, NAMES).status, actors))
            assert statuses == [201] * 8
            assert fetched.read_text() == before
    assert fetched.read_text() == "\n" * 2, "once for each start"


def test_a_table_that_cannot_be_restored_yet_is_asked_again(
    dynamodb: DynamoDB, faulty: FaultyDynamoDB, capsys: pytest.CaptureFixture[str]
) -> None:
    faulty.meets("UpdateContinuousBackups", error("ContinuousBackupsUnavailableException"))
    address = dynamodb.address("restorable", faulty.port)
    try:
        assert main(["tables", "create", "--store", address, "--point-in-time-recovery"]) == 0
        assert [name for name, _ in faulty.requests].count("UpdateContinuousBackups") == 2
        with closing(DynamoDBStore(address)) as store:
            assert store.trouble() is None
    finally:
        dynamodb.client.delete_table(TableName="restorable")
    assert "can be served" in capsys.readouterr().out
