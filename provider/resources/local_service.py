"""The declaration of `tama_local_service`, in the catalog's language, though no Tama API keeps such an object."""

from __future__ import annotations

from tama.catalog.declaration import Integer, Problem, Resource, Text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tama.catalog.declaration import Values

_SHORTEST_KEY = 32
_LAST_PORT = 65535


def mistakes(config: Values, known: Callable[[object], bool]) -> Iterator[Problem]:
    """A folder that is written out, a port that exists, a key that cannot be guessed, a store without a password."""
    folder, port, key, store = (config[name] for name in ("data_folder", "port", "api_key", "store"))
    if known(folder) and folder and folder.startswith("~"):
        yield Problem(
            "Invalid Attribute Value",
            'Attribute data_folder begins with "~", which is not expanded: write the whole folder, with pathexpand, or '
            '"./~" for a folder of that name.',
            ("data_folder",),
        )
    if known(port) and port is not None and not 1 <= port <= _LAST_PORT:
        yield Problem(
            "Invalid Attribute Value",
            f"Attribute port value must be between 1 and {_LAST_PORT}, got: {port}",
            ("port",),
        )
    if (
        known(key)
        and key is not None
        and (len(key) < _SHORTEST_KEY or not (key.isascii() and key.isprintable() and " " not in key))
    ):
        yield Problem(
            "Invalid Attribute Value",
            f"Attribute api_key must have at least {_SHORTEST_KEY} characters, printable ASCII without spaces.",
            ("api_key",),
        )
    if known(store) and store and (problem := _problem_of_store(store)):
        yield Problem("Invalid Attribute Value", f"Attribute store {problem}.", ("store",))


def _problem_of_store(store: str) -> str | None:
    from hosting.postgresql_address import SCHEME, refuse_password  # noqa: PLC0415 - few configurations have a store

    if not store.startswith(SCHEME):
        return f"must begin with {SCHEME}, as in {SCHEME}user@host/database"
    try:
        refuse_password(store)
    except ValueError:
        return "must be an address without a password, which goes into the file that store_password_file names"
    return None


RESOURCE = Resource(
    "local_service",
    thing="local service",
    summary="The companion service, running on this machine as a process of its own.",
    collection="",
    member="",
    wrapper="",
    import_id="{data_folder}",
    attributes=(
        Text(
            "data_folder",
            "The folder for its database, key and log; absolute, or relative to Terraform's working folder.",
            required=True,
            replaces=True,
            non_empty=True,
        ),
        Integer(
            "port",
            "The port that it listens on at 127.0.0.1; a free one is taken at the first start, and kept.",
            optional=True,
            computed=True,
        ),
        Text(
            "api_key",
            "The API key that callers present, at least 32 characters; made from 256 random bits when not given.",
            optional=True,
            computed=True,
            sensitive=True,
        ),
        Text(
            "store",
            "The PostgreSQL database that it keeps everything in, `postgresql://user@host/database`, without a "
            "password; an SQLite file in `data_folder` when not given.",
            optional=True,
        ),
        Text(
            "store_password_file",
            "The file, in libpq's form and with mode 0600, that the password for `store` is looked up in.",
            optional=True,
        ),
        Text("url", "Where it answers, e.g. `http://127.0.0.1:8080`.", computed=True, follows=("port",)),
        Integer(
            "pid",
            "The id of its process; null when it was found dead.",
            computed=True,
            follows=("port", "api_key", "store", "store_password_file"),
        ),
        Text("version", "The version of the code that it runs.", computed=True),
        Text("log_file", "The file that its output is appended to.", computed=True),
    ),
    validate=mistakes,
)
