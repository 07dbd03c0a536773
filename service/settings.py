"""The settings of the service: by option, else by environment variable, else by default."""

import argparse
import secrets
import string
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from service.web.credentials import MIN_KEY_LENGTH, digest

PREFIX = "PERSONALIZATION_"
MAX_PORT = 65_535
_INSTANCE_LENGTH = 200
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
    "Where profiles are kept: an SQLite file, created with its folder if it is not there. Required.",
)
API_KEY_FILE = Setting(
    "api-key-file",
    "PATH",
    f"A file that holds one API key of at least {MIN_KEY_LENGTH} characters, for the tenant `default` and all scopes. "
    "Without it nobody has access: every call is answered 401.",
)
INSTANCE = Setting(
    "instance",
    "ID",
    "An opaque id of this start. `/readyz` answers it, so that the starter knows that it is this start. "
    "Without it a random one is made.",
)
SETTINGS = (LISTEN, STORE, API_KEY_FILE, INSTANCE)


@dataclass(frozen=True, slots=True)
class Settings:
    """What a start of the service was given.

    Attributes:
        host: the host name or address to listen on.
        port: the port, 0 for a free one.
        store: the SQLite file.
        key_digest: the digest of the API key, None when there is none.
        instance: the id of this start.

    """

    host: str
    port: int
    store: Path
    key_digest: bytes | None
    instance: str


class ConfigurationError(Exception):
    """The settings are not usable.

    Attributes:
        problems: one sentence for each setting that is wrong.

    """

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the option of each setting."""
    for setting in SETTINGS:
        default = f" Default: {setting.default}." if setting.default else ""
        parser.add_argument(
            setting.option, metavar=setting.form, help=f"{setting.help}{default} Environment: {setting.variable}."
        )


def read_settings(options: argparse.Namespace, environment: Mapping[str, str]) -> Settings:
    """Read all settings; a variable that is empty counts as not given.

    Raises:
        ConfigurationError: with everything that is wrong, not only the first.

    """
    problems: list[str] = []

    def read(setting: Setting, parse: Callable[[str | None], _T]) -> _T | None:
        option: str | None = getattr(options, setting.name.replace("-", "_"))
        source = setting.variable if option is None else setting.option
        value = option if option is not None else environment.get(setting.variable) or setting.default
        if value is None and setting is STORE:
            problems.append(f"{setting.option} (or {setting.variable}) is required, for example {_STORE_EXAMPLE}")
            return None
        try:
            return parse(value)
        except ValueError as error:
            problems.append(f"{source}: {error}")
            return None

    address = read(LISTEN, _address)
    store = read(STORE, _store)
    key_digest = read(API_KEY_FILE, _key_digest)
    instance = read(INSTANCE, _instance)
    if problems or address is None or store is None or instance is None:
        raise ConfigurationError(problems)
    return Settings(*address, store, key_digest, instance)


def _address(value: str | None) -> tuple[str, int]:
    host, colon, port = (value or "").rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not (colon and host and port.isascii() and port.isdigit()):
        raise ValueError(f"it must have the form {LISTEN.form}, such as {LISTEN.default} or [::1]:8080")
    if int(port) > MAX_PORT:
        raise ValueError(f"the port must be at most {MAX_PORT}")
    return host, int(port)


def _store(value: str | None) -> Path:
    kind, _, path = (value or "").partition(":")
    if kind != "sqlite" or not path:
        raise ValueError(f"it must have the form {STORE.form}, such as {_STORE_EXAMPLE}")
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
