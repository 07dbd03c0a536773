import argparse
from pathlib import Path

import pytest

from service.__main__ import main
from service.settings import SETTINGS, ConfigurationError, Settings, add_options, read_settings
from service.web.credentials import digest

KEY = "a-key-of-thirty-two-characters-00"
STORE = "sqlite:/tmp/p.db"


def read(*arguments: str, **environment: str) -> Settings:
    parser = argparse.ArgumentParser()
    add_options(parser)
    return read_settings(parser.parse_args(arguments), environment)


def test_defaults() -> None:
    settings = read("--store", STORE)
    assert (settings.host, settings.port, settings.store) == ("127.0.0.1", 8080, Path("/tmp/p.db"))
    assert settings.key_digest is None
    assert settings.instance != read("--store", STORE).instance


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://personalization@db.example/memovee?sslmode=verify-full",
        "dynamodb://eu-west-1/personalization",
        "dynamodb://local/personalization?endpoint=http://127.0.0.1:8000",
    ],
)
def test_a_database_is_named_by_its_address(address: str) -> None:
    assert read("--store", address).store == address


def test_options_win_over_the_environment() -> None:
    environment = {"PERSONALIZATION_LISTEN": "127.0.0.1:1", "PERSONALIZATION_STORE": STORE}
    assert read(**environment).port == 1
    settings = read("--listen", "[::1]:2", "--instance", "i", **environment)
    assert settings == Settings("::1", 2, Path("/tmp/p.db"), None, "i", {}, 64, 64, 64)


def test_a_rate_limit_is_so_many_calls_a_second_and_so_many_at_once() -> None:
    assert read("--store", STORE).rate_limit is None
    assert read("--store", STORE, "--rate-limit", "50").rate_limit == (50, 50)
    assert read("--store", STORE, PERSONALIZATION_RATE_LIMIT="50:200").rate_limit == (50, 200)


def test_how_long_a_history_is_kept_is_set_in_events_and_days() -> None:
    as_it_is = read("--store", STORE)
    assert (as_it_is.max_history, as_it_is.history_age) == (10_000, None)
    settings = read("--store", STORE, "--max-history", "2000000", PERSONALIZATION_HISTORY_DAYS="2")
    assert (settings.max_history, settings.history_age) == (2_000_000, 2 * 86_400)


def test_a_variable_that_is_empty_is_not_given() -> None:
    assert read(PERSONALIZATION_LISTEN="", PERSONALIZATION_API_KEY_FILE="", PERSONALIZATION_STORE=STORE).port == 8080


def test_the_key_is_kept_as_a_digest(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text(f"{KEY}\n")
    settings = read("--store", STORE, "--api-key-file", str(file))
    assert settings.key_digest == digest(KEY)
    assert KEY not in repr(settings)


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["--max-preferences", "0"], "--max-preferences: it must be a whole number from 1 to 9999"),
        (["--max-preferences", "many"], "--max-preferences: it must be a whole number from 1 to 9999"),
        (["--max-history", "0"], "--max-history: it must be a whole number from 1 to 9999999"),
        (["--prepare-statements", "perhaps"], "--prepare-statements: it must be yes or no"),
        (["--max-actors", "0"], "--max-actors: it must be a whole number from 1 to 999999999"),
        (["--rate-limit", "0"], "--rate-limit: it must be a whole number from 1 to 999999"),
        (["--rate-limit", "50:"], "--rate-limit: it must be a whole number from 1 to 999999"),
        (["--history-days", "1.5"], "--history-days: it must be a whole number from 1 to 9999"),
        (["--preferences", "{folder}/none"], "--preferences: {folder}/none: the whole file: The folder cannot be read"),
        (["--listen", "8080"], "--listen: it must have the form HOST:PORT"),
        (["--listen", ":8080"], "--listen: it must have the form HOST:PORT"),
        (["--listen", "127.0.0.1:http"], "--listen: it must have the form HOST:PORT"),
        (["--listen", "127.0.0.1:65536"], "--listen: the port must be at most 65535"),
        (["--store", "mysql://x"], "--store: it must have the form sqlite:PATH"),
        (["--store", "postgresql://u:secret@h/d"], "--store: it has a password in it; write that into a password file"),
        (["--store", "dynamodb://eu-west-1"], "--store: it must have the form dynamodb://REGION/TABLE"),
        (["--store", "dynamodb://eu-west-1/t?secret=x"], "--store: it must have the form dynamodb://REGION/TABLE"),
        (["--store", "dynamodb://key:secret@eu-west-1/t"], "--store: it must have the form dynamodb://REGION/TABLE"),
        (["--store", "sqlite:"], "--store: it must have the form sqlite:PATH"),
        (["--store", "sqlite:/"], "--store: the path is a folder"),
        (["--api-key-file", "{folder}/none"], "--api-key-file: the file cannot be read: No such file or directory"),
        (["--api-key-file", "{folder}"], "--api-key-file: the file cannot be read: Is a directory"),
        (["--api-key-file", "{folder}/short"], "--api-key-file: the key in the file is shorter than 32 characters"),
        (["--api-key-file", "{folder}/two"], "--api-key-file: the file must hold one key"),
        (["--api-key-file", "{folder}/bytes"], "--api-key-file: the file cannot be read: it is not ASCII text"),
        (["--instance", "x" * 201], "--instance: it must be at most 200 printable ASCII characters"),
    ],
)
def test_a_wrong_setting_is_named_with_what_is_asked_for(tmp_path: Path, arguments: list[str], problem: str) -> None:
    (tmp_path / "short").write_text("short-secret")
    (tmp_path / "two").write_text(f"{KEY}\n{KEY}\n")
    (tmp_path / "bytes").write_bytes(b"\xff" * 40)
    filled = [argument.replace("{folder}", str(tmp_path)) for argument in arguments]
    with pytest.raises(ConfigurationError) as error:
        read(*(["--store", STORE] if "--store" not in filled else []), *filled)
    assert len(error.value.args) == 1
    assert error.value.args[0].startswith(problem.replace("{folder}", str(tmp_path)))
    assert "secret" not in str(error.value)
    assert KEY not in str(error.value)


def test_all_configuration_errors_come_at_once_with_exit_code_2(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PERSONALIZATION_API_KEY_FILE", "/nowhere/key")
    monkeypatch.delenv("PERSONALIZATION_STORE", raising=False)
    assert main(["serve", "--listen", "nonsense"]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert [line.split(":")[1].strip() for line in lines] == [
        "--listen",
        "--store (or PERSONALIZATION_STORE) is required, for example sqlite",
        "PERSONALIZATION_API_KEY_FILE",
    ]


def test_help_explains_every_setting(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        main(["serve", "--help"])
    text = " ".join(capsys.readouterr().out.split())
    for setting in SETTINGS:
        assert setting.option in text
        assert setting.variable in text
        assert setting.help.split(".")[0] in text


@pytest.mark.parametrize("arguments", [["sevre"], ["serve", "--lisen", "x"]])
def test_bad_usage_exits_2(capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(arguments)
    assert "usage: personalization" in capsys.readouterr().err
