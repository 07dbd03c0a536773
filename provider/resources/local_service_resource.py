"""The resource `tama_local_service`: the companion service, kept running on this machine."""

from __future__ import annotations

import posix

from provider.framework.diagnostics import Diagnostic, Failure
from provider.framework.durations import seconds
from provider.framework.resource import Resource
from provider.framework.schema import Schema
from provider.protocol.values import UNKNOWN
from provider.resources.conversions import diagnostic
from provider.resources.local_service import RESOURCE, mistakes
from provider.resources.managed import known
from provider.resources.schemas import resource_schema, timeouts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from provider.framework.diagnostics import Diagnostics
    from provider.framework.resource import Change, Plan, Private
    from provider.framework.values import Values
    from provider.resources.companion import Companion

_DEFAULT_SECONDS = 60.0
_PROCESS = "process"
_DISTRIBUTION = "memovee_personalization-"


class LocalService(Resource):
    """The resource.

    Args:
        command: what starts the service.
        code_version: returns the version of the code that a start would run; None when that is not known.
    """

    def __init__(self, command: tuple[str, ...], code_version: Callable[[], str | None]) -> None:
        schema = resource_schema(RESOURCE)
        self.schema = Schema((*schema.fields, timeouts("1 minute")), schema.description)
        self._command = command
        self._code_version = code_version

    @classmethod
    def of_environment(cls, site_packages: str) -> LocalService:
        """Return the resource that runs the service of the environment with this folder of packages."""
        python = f"{site_packages.rsplit('/', 3)[0]}/bin/python"
        # -I: neither the data folder nor the user's own packages are looked into for modules.
        return cls((python, "-I", "-m", "service", "serve"), lambda: _installed_version(site_packages))

    def validate(self, config: Values, diagnostics: Diagnostics) -> None:
        """Find what the declaration's own check finds."""
        diagnostics.add(*map(diagnostic, mistakes(config, known)))

    def modify_plan(self, plan: Plan) -> None:
        """Plan a restart of a service that was found dead, or that runs other code than a start would."""
        if plan.prior is None:
            return
        code = self._code_version()
        if plan.prior["pid"] is None or code not in {None, plan.prior["version"]}:
            plan.planned["pid"] = UNKNOWN
        if plan.planned["pid"] is UNKNOWN and code != plan.prior["version"]:
            plan.planned["version"] = UNKNOWN

    def create(self, change: Change) -> None:
        """Start it."""
        planned = change.planned or {}
        port, key = planned["port"], planned["api_key"]
        database = _database(planned)
        self._start(change, None if port is UNKNOWN else port, _new_key() if key is UNKNOWN else key, database)

    def read(self, state: Values, private: Private) -> Values | None:
        """Look whether the process that is recorded serves; it has no pid when it does not."""
        companion = self._companion(state["id"])
        records = [record for record in (private.get(_PROCESS), companion.record()) if record]
        if state["port"] is None:
            if not records:
                return None
            state = state | _fixed(companion, records[0]["port"]) | {"api_key": companion.api_key()}
        for record in records:
            # To start it anew would not bring a database back.
            version = companion.version(record, without_database=bool(state["store"]))
            if version is not None:
                private[_PROCESS] = record
                return state | {"pid": record["pid"], "version": version}
        return state | {"pid": None}

    def update(self, change: Change) -> None:
        """Restart it, unless only the timeouts have changed."""
        planned, prior = change.planned or {}, change.prior or {}
        if planned["pid"] is not UNKNOWN:
            change.state = planned
            return
        database = _database(planned)
        companion = self._companion(prior["id"])
        if planned["port"] != prior["port"]:
            companion.refuse_taken(planned["port"])
        change.state = prior | {"pid": None}
        companion.stop(change.private.get(_PROCESS))
        self._start(change, planned["port"], planned["api_key"], database)

    def delete(self, change: Change) -> None:
        """Stop it; its data stays."""
        companion = self._companion((change.prior or {})["id"])
        for record in (change.private.get(_PROCESS), companion.record()):
            companion.stop(record)
        companion.forget()

    def import_state(self, identifier: str) -> Values:
        """Take over what runs in a data folder, which is written as in the configuration."""
        return {"id": _absolute(identifier), "data_folder": identifier}

    def _start(self, change: Change, port: int | None, api_key: str, database: dict[str, str]) -> None:
        planned = change.planned or {}
        operation = "update" if change.prior else "create"
        limit = planned["timeouts"] and planned["timeouts"][operation]
        folder = _absolute(planned["data_folder"])
        companion = self._companion(folder)
        record = companion.start(port, api_key, (limit and seconds(limit)) or _DEFAULT_SECONDS, change.stop, database)
        change.private[_PROCESS] = record
        change.state = (
            planned
            | _fixed(companion, record["port"])
            | {"id": folder, "api_key": api_key, "pid": record["pid"], "version": companion.version(record)}
        )

    def _companion(self, folder: str) -> Companion:
        from pathlib import Path  # noqa: PLC0415 - what starts processes is imported when one is looked for

        from provider.resources.companion import Companion  # noqa: PLC0415 - as above

        return Companion(self._command, Path(folder))


def _fixed(companion: Companion, port: int) -> Values:
    """Return what never changes while the port stays."""
    from provider.resources.companion import HOST  # noqa: PLC0415 - as above

    return {"port": port, "url": f"http://{HOST}:{port}", "log_file": str(companion.log_file)}


def _database(planned: Values) -> dict[str, str]:
    """Return the environment variables that lead the service to a database; none for its own file.

    Raises:
        Failure: libpq would pass over the password file.
    """
    variables = {"PERSONALIZATION_STORE": planned["store"]} if planned["store"] else {}
    if planned["store_password_file"]:
        variables["PGPASSFILE"] = password_file = _absolute(planned["store_password_file"])
        if problem := _problem_of_password_file(password_file):
            detail = f"Unable to start the local service: the password file {password_file} {problem}."
            raise Failure(Diagnostic("Local Service Error", detail, ("store_password_file",)))
    return variables


def _problem_of_password_file(path: str) -> str | None:
    try:
        mode = posix.stat(path).st_mode
    except OSError as error:
        return f"cannot be read: {error.strerror}"
    return f"can be read by others, so that libpq does not use it. Run chmod 600 {path}" if mode & 0o077 else None


def _absolute(folder: str) -> str:
    from pathlib import Path  # noqa: PLC0415 - as above

    return str(Path(folder).resolve())


def _new_key() -> str:
    return posix.urandom(32).hex()


def _installed_version(site_packages: str) -> str | None:
    """Read the version from the name of the folder that the installation left; `importlib.metadata` costs 40 ms."""
    try:
        names = posix.listdir(site_packages)
    except OSError:
        return None
    found = [name for name in names if name.startswith(_DISTRIBUTION) and name.endswith(".dist-info")]
    return found[0].removeprefix(_DISTRIBUTION).removesuffix(".dist-info") if len(found) == 1 else None
