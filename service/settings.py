"""The settings of the service: by option, else by environment variable, else by default."""

import argparse
import secrets
import string
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from hosting import postgresql_address
from hosting.outcome import UnusableError
from service.personalization import MAX_ENTRIES
from service.personalization.actors import MAX_IMPORT
from service.personalization.history import MAX_HISTORY
from service.personalization.preferences import MAX_PREFERENCES
from service.storage import Place, dynamodb_address
from service.web.credentials import MIN_KEY_LENGTH, digest

PREFIX = "PERSONALIZATION_"
MAX_PORT = 65_535
_INSTANCE_LENGTH = 200
_LIMIT_DIGITS = 4
_HISTORY_DIGITS = 7
_RATE_DIGITS = 6
_IMPORT_DIGITS = 10
_ACTOR_DIGITS = 9
_DAY_S = 86_400
_STORE_EXAMPLE = "sqlite:data/personalization.db"
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting.

    Attributes:
        name: its name as an option; as a variable it is in upper case, with `PERSONALIZATION_` before it.
        form: what its value looks like.
        help: what it does, and what happens without it.
        default: its value when it is not given; None where it must be, or where doing without means something.

    """

    name: str
    form: str
    help: str
    default: str | None = None

    @property
    def option(self) -> str:
        """Return the option of the command line."""
        return f"--{self.name}"

    @property
    def variable(self) -> str:
        """Return the environment variable."""
        return PREFIX + self.name.upper().replace("-", "_")


LISTEN = Setting(
    "listen",
    "HOST:PORT",
    "The address to listen on. Port 0 takes a free port; the line that the service prints names it.",
    "127.0.0.1:8080",
)
STORE = Setting(
    "store",
    "sqlite:PATH",
    "Where profiles are kept: an SQLite file, created with its folder if it is not there; or a PostgreSQL database, "
    "postgresql://USER@HOST/DATABASE, with libpq's parameters and without a password, which PGPASSFILE leads to; or a "
    f"table of DynamoDB, {dynamodb_address.FORM}, which `personalization tables create` makes. Required.",
)
PREPARED = Setting(
    "prepare-statements",
    "WHETHER",
    "Whether statements on PostgreSQL are prepared, yes or no. Prepared ones take less of both sides; a pooler in "
    "transaction mode that does not know of them needs no.",
    "yes",
)
API_KEY_FILE = Setting(
    "api-key-file",
    "PATH",
    f"A file that holds one API key of at least {MIN_KEY_LENGTH} characters, for the tenant `default` and all scopes. "
    "Without it only credentials in the store are accepted.",
)
INSTANCE = Setting(
    "instance",
    "ID",
    "An opaque id of this start. `/readyz` answers it, so that the starter knows that it is this start. "
    "Without it a random one is made.",
)
PREFERENCES = Setting(
    "preferences",
    "FOLDER",
    "A folder of files `<type>.json`, each the JSON Schema of a type of preferences. Without it there are only those "
    "that are built in.",
)
MOST_PREFERENCES = Setting("max-preferences", "NUMBER", "How many preferences an actor can have.", str(MAX_PREFERENCES))
MOST_NAMES = Setting("max-names", "NUMBER", "How many names a profile can hold.", str(MAX_ENTRIES))
MOST_DATES = Setting("max-dates", "NUMBER", "How many dates a profile can hold.", str(MAX_ENTRIES))
MOST_HISTORY = Setting(
    "max-history", "NUMBER", "How many of the latest events of an actor's history are kept.", str(MAX_HISTORY)
)
HISTORY_DAYS = Setting(
    "history-days",
    "NUMBER",
    "For how many days an event is kept after it was received. Without it events stay as long as there is room.",
)
MOST_IMPORTED = Setting(
    "max-import", "BYTES", "How long the document of an import may be; it is held in memory.", str(MAX_IMPORT)
)
METRICS_LISTEN = Setting(
    "metrics-listen",
    "HOST:PORT",
    "An address on which the metrics are served to whoever asks, and nothing else. Without it they are at `/metrics`, "
    "for the scope `admin`.",
)
CONSOLE = Setting(
    "console",
    "WHETHER",
    "Whether the operator's console is served at `/console`, for whoever signs in with a key that has the scope "
    "`admin`; yes or no.",
    "yes",
)
RATE_LIMIT = Setting(
    "rate-limit",
    "NUMBER[:BURST]",
    "How many operations a tenant can call for in a second, and how many at once after a pause, such as 50:100; "
    "without the second number as many as in a second. More are answered 429. Without it any number.",
)
MOST_ACTORS = Setting(
    "max-actors",
    "NUMBER",
    "How many actors a tenant can have. A write that would make one more is answered 403. Without it any number.",
)
SETTINGS = (
    LISTEN,
    METRICS_LISTEN,
    CONSOLE,
    STORE,
    PREPARED,
    API_KEY_FILE,
    INSTANCE,
    PREFERENCES,
    MOST_PREFERENCES,
    MOST_NAMES,
    MOST_DATES,
    MOST_HISTORY,
    HISTORY_DAYS,
    MOST_IMPORTED,
    RATE_LIMIT,
    MOST_ACTORS,
)


@dataclass(frozen=True, slots=True)
class Settings:
    """What a start of the service was given.

    Attributes:
        host: the host name or address to listen on.
        port: the port, 0 for a free one.
        store: where the store is.
        key_digest: the digest of the API key, None when there is none.
        instance: the id of this start.
        preferences: the JSON Schema of each type of preferences that is declared.
        max_preferences: how many preferences an actor can have.
        max_names: how many names a profile can hold.
        max_dates: how many dates a profile can hold.
        max_history: how many of the latest events of an actor are kept.
        history_age: for how many seconds after they were received, None for as long as there is room.
        max_import: how many bytes the document of an import may have.
        metrics_address: host and port of the metrics; None when the service itself serves them.
        rate_limit: how many operations a tenant can call for in a second and at once, None for any number.
        max_actors: how many actors a tenant can have, None for any number.
        prepares: whether statements on PostgreSQL are prepared.
        console: whether the console is served.

    """

    host: str
    port: int
    store: Place
    key_digest: bytes | None
    instance: str
    preferences: Mapping[str, Any]
    max_preferences: int
    max_names: int
    max_dates: int
    max_history: int = MAX_HISTORY
    history_age: int | None = None
    max_import: int = MAX_IMPORT
    metrics_address: tuple[str, int] | None = None
    rate_limit: tuple[int, int] | None = None
    max_actors: int | None = None
    prepares: bool = True
    console: bool = True


class ConfigurationError(UnusableError):
    """The settings are not usable; each argument is a sentence about one that is wrong."""


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the option of each setting."""
    for setting in SETTINGS:
        _add_option(parser, setting)


def add_store_option(parser: argparse.ArgumentParser) -> None:
    """Add the option of the setting that commands on a store need."""
    _add_option(parser, STORE)


def _add_option(parser: argparse.ArgumentParser, setting: Setting) -> None:
    default = f" Default: {setting.default}." if setting.default else ""
    parser.add_argument(
        setting.option, metavar=setting.form, help=f"{setting.help}{default} Environment: {setting.variable}."
    )


def read_store(options: argparse.Namespace, environment: Mapping[str, str]) -> Place:
    """Read the setting that commands on a store need.

    Raises:
        ConfigurationError: it is missing or wrong.

    """
    reader = _Reader(options, environment)
    store = reader.read(STORE, _store)
    if store is None:
        raise ConfigurationError(*reader.problems)
    return store


def read_file(options: argparse.Namespace, environment: Mapping[str, str]) -> Path:
    """Read the setting that commands on a data file need.

    Raises:
        ConfigurationError: it is missing or wrong, or no file.

    """
    store = read_store(options, environment)
    if not isinstance(store, Path):
        raise ConfigurationError(f"{STORE.option}: this command is for SQLite files; a database has tools of its own")
    return store


def read_place(option: str, value: str) -> Place:
    """Read the value of an option that names a store.

    Raises:
        ConfigurationError: it is wrong.

    """
    try:
        return _store(value)
    except ValueError as error:
        raise ConfigurationError(f"{option}: {error}") from None


class _Reader:
    """Reads settings, and gathers what is wrong with them."""

    def __init__(self, options: argparse.Namespace, environment: Mapping[str, str]) -> None:
        self.problems: list[str] = []
        self._options = options
        self._environment = environment

    def read(self, setting: Setting, parse: Callable[[str | None], _T]) -> _T | None:
        """Return the value of a setting, or None when it is wrong."""
        option: str | None = getattr(self._options, setting.name.replace("-", "_"))
        source = setting.variable if option is None else setting.option
        value = option if option is not None else self._environment.get(setting.variable) or setting.default
        if value is None and setting is STORE:
            self.problems.append(f"{setting.option} (or {setting.variable}) is required, for example {_STORE_EXAMPLE}")
            return None
        try:
            return parse(value)
        except ValueError as error:
            self.problems.extend(f"{source}: {problem}" for problem in str(error).splitlines())
            return None


def read_settings(options: argparse.Namespace, environment: Mapping[str, str]) -> Settings:
    """Read all settings; a variable that is empty counts as not given.

    Raises:
        ConfigurationError: with everything that is wrong, not only the first.

    """
    reader = _Reader(options, environment)
    read = reader.read
    address = read(LISTEN, _address)
    metrics_address = read(METRICS_LISTEN, _metrics_address)
    store = read(STORE, _store)
    key_digest = read(API_KEY_FILE, _key_digest)
    instance = read(INSTANCE, _instance)
    preferences = read(PREFERENCES, _preferences)
    limits = (MOST_PREFERENCES, MOST_NAMES, MOST_DATES)
    max_preferences, max_names, max_dates = (read(setting, _limit) or 0 for setting in limits)
    max_history = read(MOST_HISTORY, _history_limit) or 0
    history_age = read(HISTORY_DAYS, _days)
    max_import = read(MOST_IMPORTED, _import_limit) or 0
    rate_limit = read(RATE_LIMIT, _rate_limit)
    max_actors = read(MOST_ACTORS, _actor_limit)
    prepares = read(PREPARED, _yes_or_no)
    console = read(CONSOLE, _yes_or_no)
    if reader.problems or not (address and store and instance) or preferences is None:
        raise ConfigurationError(*reader.problems)
    return Settings(
        *address,
        store,
        key_digest,
        instance,
        preferences,
        max_preferences,
        max_names,
        max_dates,
        max_history=max_history,
        history_age=history_age,
        max_import=max_import,
        metrics_address=metrics_address,
        rate_limit=rate_limit,
        max_actors=max_actors,
        prepares=bool(prepares),
        console=bool(console),
    )


def _address(value: str | None) -> tuple[str, int]:
    host, colon, port = (value or "").rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not (colon and host and port.isascii() and port.isdigit()):
        raise ValueError(f"it must have the form {LISTEN.form}, such as {LISTEN.default} or [::1]:8080")
    if int(port) > MAX_PORT:
        raise ValueError(f"the port must be at most {MAX_PORT}")
    return host, int(port)


def _metrics_address(value: str | None) -> tuple[str, int] | None:
    return None if value is None else _address(value)


def _store(value: str | None) -> Place:
    if value and value.startswith(postgresql_address.SCHEME):
        postgresql_address.refuse_password(value)
        return value
    if value and value.startswith(dynamodb_address.SCHEME):
        dynamodb_address.read_address(value)
        return value
    kind, _, path = (value or "").partition(":")
    if kind != "sqlite" or not path:
        others = f"{postgresql_address.SCHEME} or {dynamodb_address.SCHEME}"
        raise ValueError(f"it must have the form {STORE.form}, such as {_STORE_EXAMPLE}, or begin with {others}")
    if Path(path).is_dir():
        raise ValueError("the path is a folder; name a file in it")
    return Path(path).absolute()


def _key_digest(value: str | None) -> bytes | None:
    if value is None:
        return None
    try:
        key = Path(value).read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not ASCII text"
        raise ValueError(f"the file cannot be read: {reason}") from None
    if len(key) < MIN_KEY_LENGTH:
        raise ValueError(f"the key in the file is shorter than {MIN_KEY_LENGTH} characters")
    if not set(key) <= set(string.ascii_letters + string.digits + string.punctuation):
        raise ValueError("the file must hold one key, without white space in it")
    return digest(key)


def _instance(value: str | None) -> str:
    if value is None:
        return secrets.token_hex(16)
    if not (value.isascii() and value.isprintable() and len(value) <= _INSTANCE_LENGTH):
        raise ValueError(f"it must be at most {_INSTANCE_LENGTH} printable ASCII characters")
    return value


def _preferences(value: str | None) -> Mapping[str, Any]:
    if value is None:
        return {}
    # The contract takes long to load, and only declarations need it this early.
    from service.contract import load_contract  # noqa: PLC0415 - the reason stands above
    from service.personalization.preferences.declared import read_declarations  # noqa: PLC0415 - as above

    return read_declarations(Path(value), load_contract())


def _yes_or_no(value: str | None) -> bool:
    if value not in {"yes", "no"}:
        raise ValueError("it must be yes or no")
    return value == "yes"


def _limit(value: str | None) -> int:
    return _whole_number(value, _LIMIT_DIGITS)


def _history_limit(value: str | None) -> int:
    return _whole_number(value, _HISTORY_DIGITS)


def _import_limit(value: str | None) -> int:
    return _whole_number(value, _IMPORT_DIGITS)


def _days(value: str | None) -> int | None:
    return None if value is None else _whole_number(value, _LIMIT_DIGITS) * _DAY_S


def _actor_limit(value: str | None) -> int | None:
    return None if value is None else _whole_number(value, _ACTOR_DIGITS)


def _rate_limit(value: str | None) -> tuple[int, int] | None:
    if value is None:
        return None
    rate, colon, burst = value.partition(":")
    per_second = _whole_number(rate, _RATE_DIGITS)
    return per_second, _whole_number(burst, _RATE_DIGITS) if colon else per_second


def _whole_number(value: str | None, digits: int) -> int:
    if not (value and value.isascii() and value.isdigit() and len(value) <= digits and int(value) > 0):
        raise ValueError(f"it must be a whole number from 1 to {'9' * digits}")
    return int(value)
