"""What a launch loads in which a space is made and a specification checked: each module here shows in every command."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
from pathlib import Path

from tests.support.scripted_control_plane import CLIENT_ID, CLIENT_SECRET, ScriptedControlPlane

ROOT = Path(__file__).parents[2]

SCRIPT = """
import sys
before = set(sys.modules)
root, site_packages, base_url, client_id, client_secret = sys.argv[1:]
sys.path += [root, site_packages]
from provider.framework.server import Server
from provider.protocol.messages import decode, encode
from provider.protocol.values import UNKNOWN, pack, unpack
from provider.resources.provider import TamaProvider

provider = TamaProvider(site_packages)
server = Server(provider)

def call(rpc, **fields):
    values = {key: {"msgpack": pack(value)} if isinstance(value, dict) else value for key, value in fields.items()}
    answer = decode(f"{rpc}.Response", server.handle(rpc, encode(f"{rpc}.Request", values)))
    assert answer["diagnostics"] == [], answer["diagnostics"]
    return answer

settings = {attribute.name: None for attribute in provider.schema.fields}
call("ConfigureProvider", config=settings | {
    "base_url": base_url, "client_id": client_id or None, "client_secret": client_secret or None})
config = {"id": None, "name": "Movies", "type": "root", "slug": None, "provision_state": None}
call("ValidateResourceConfig", type_name="tama_space", config=config)
planned = config | {"id": UNKNOWN, "slug": UNKNOWN, "provision_state": UNKNOWN}
made = call("ApplyResourceChange", type_name="tama_space", config=config, planned_state=planned)
state = unpack(made["new_state"]["msgpack"])
assert unpack(call("ReadResource", type_name="tama_space", current_state=state)["new_state"]["msgpack"]) == state
call("ValidateResourceConfig", type_name="tama_specification", config=dict.fromkeys(
    ("id", "space_id", "current_state", "provision_state", "wait_for", "timeouts")) | {
    "schema": '{"openapi": "3.1.0", "paths": {}}', "version": "1", "endpoint": "https://api.example.com/v1"})
server.close()
print(*sorted(set(sys.modules) - before))
"""

# `json` brings the regular expressions of the standard library with it.
JSON = {
    *("_collections", "_collections_abc", "_functools", "_json", "_operator", "_sre", "collections", "copyreg", "enum"),
    *("functools", "itertools", "json", "json.decoder", "json.encoder", "json.scanner", "keyword", "operator"),
    *("re", "re._casefix", "re._compiler", "re._constants", "re._parser", "reprlib", "types"),
}
ALWAYS = {"__future__", "_struct"}


def loaded(base_url: str, client_id: str = "", client_secret: str = "") -> set[str]:
    arguments = [str(ROOT), sysconfig.get_path("purelib"), base_url, client_id, client_secret]
    ran = subprocess.run(
        [sys.executable, "-I", "-S", "-c", SCRIPT, *arguments], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    return {name for name in ran.stdout.split() if name.split(".")[0] not in {"provider", "tama"}}


def test_over_http_sockets_and_json_are_loaded(tmp_path: Path) -> None:
    with ScriptedControlPlane(tmp_path) as plane:
        assert loaded(plane.url, CLIENT_ID, CLIENT_SECRET) - JSON <= ALWAYS | {
            "_socket",
            "_queue",
            "binascii",
            "select",
        }


def test_embedded_the_database_and_what_the_routes_need_are_loaded(tmp_path: Path) -> None:
    assert loaded(f"embedded:{tmp_path}") - JSON <= ALWAYS | {
        *("_stat", "genericpath", "os", "os.path", "posixpath", "stat"),
        *("_weakrefset", "apsw", "collections.abc", "copy", "unicodedata", "weakref"),
        "warnings",
        "binascii",
    }
