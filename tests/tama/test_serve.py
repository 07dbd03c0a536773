"""`tama serve` and `tama clients`, run as commands."""

from __future__ import annotations

import http.client
import json
import re
import socket
import stat
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pytest

from tama.client import connect
from tama.client.errors import NotFound, ResponseError, Unauthorized
from tests.support.postgresql import PostgreSQL
from tests.support.served_control_plane import Served, served, settled
from tests.support.served_control_plane import tama as output_of
from tests.tama.commands.support import tama
from tests.tama.control_plane.support import document
from tests.tama.endpoint import Endpoint
from tools.environment import ROOT

SPACES = "/provision/neural/spaces"


def test_what_is_served_is_kept_in_the_store(tmp_path: Path) -> None:
    store = tmp_path / "new" / "plane.db"
    with served(store) as plane, closing(plane.connect()) as client:
        made = client.request("POST", SPACES, {"space": {"name": "Movies", "type": "root"}})
    with served(store) as plane, closing(plane.connect()) as client:
        assert client.request("GET", f"{SPACES}/movies") == made
    assert stat.S_IMODE(store.stat().st_mode) == 0o600
    assert stat.S_IMODE(store.parent.stat().st_mode) == 0o700


def test_a_seed_is_made_once(tmp_path: Path) -> None:
    seen = []
    for _ in range(2):
        with served(tmp_path / "plane.db", "--seed") as plane, closing(plane.connect()) as client:
            space = client.request("GET", f"{SPACES}/global")
            proxy = client.request("GET", f"{SPACES}/{space['id']}/classes/class-proxy")
            seen.append((space, proxy))
    assert seen[0] == seen[1]
    space, proxy = seen[0]
    assert (space["type"], space["slug"], proxy["space_id"]) == ("global", "global", space["id"])
    assert (proxy["schema"]["title"], proxy["schema"]["type"]) == ("class-proxy", "object")
    assert {name: one["type"] for name, one in proxy["schema"]["properties"].items()} == {
        "name": "string",
        "description": "string",
        "schema": "object",
    }
    assert proxy["description"]


def test_without_a_seed_there_is_nothing(tmp_path: Path) -> None:
    with served(tmp_path / "plane.db") as plane, closing(plane.connect()) as client, pytest.raises(NotFound):
        client.request("GET", f"{SPACES}/global")


def test_a_client_is_added_while_the_store_is_served(tmp_path: Path) -> None:
    store = tmp_path / "plane.db"
    with served(store) as plane:
        added = json.loads(output_of("clients", "add", "--store", f"sqlite:{store}", "--json"))
        with closing(Served(plane.url, **added).connect()) as client:
            assert client.request("POST", SPACES, {"space": {"name": "A", "type": "root"}})["slug"] == "a"
        wrong = Served(plane.url, added["client_id"], plane.client_secret)
        with closing(wrong.connect()) as client, pytest.raises(Unauthorized):
            client.request("GET", f"{SPACES}/a")


@pytest.mark.parametrize(("options", "state"), [((), "failed"), (("--allow-network", "127.0.0.0/8"), "active")])
def test_what_is_not_public_is_out_of_reach_unless_it_is_allowed(
    tmp_path: Path, endpoint: Endpoint, options: tuple[str, ...], state: str
) -> None:
    schemes = {"ApiKey": {"type": "http", "scheme": "bearer"}}
    specification = {"schema": document({}, components={"securitySchemes": schemes}), "version": "1"}
    identity = {"api_key": "k", "validation": {"path": "/", "method": "GET", "codes": [200]}}
    with served(tmp_path / "plane.db", *options) as plane, closing(plane.connect()) as client:
        space = client.request("POST", SPACES, {"space": {"name": "A", "type": "root"}})
        path = f"/provision/sensory/spaces/{space['id']}/specifications"
        declared = client.request("POST", path, {"specification": {**specification, "endpoint": endpoint.url}})
        path = f"/provision/sensory/specifications/{declared['id']}/identifiers/ApiKey/identities"
        made = client.request("POST", path, {"identity": identity})
        read = settled(client, f"/provision/sensory/identities/{made['id']}")
    assert (read["current_state"], endpoint.connections) == (state, int(state == "active"))


def test_a_client_is_shown_as_a_person_reads_it(tmp_path: Path) -> None:
    lines = output_of("clients", "add", "--store", f"sqlite:{tmp_path}/plane.db").splitlines()
    assert [line.split()[0] for line in lines] == ["client_id", "client_secret"]


def test_a_client_may_be_allowed_less_than_everything(tmp_path: Path) -> None:
    option = f"--store=sqlite:{tmp_path}/plane.db"
    with served(tmp_path / "plane.db", "--seed") as plane:
        added = json.loads(output_of("clients", "add", option, "--json", "--scope", "provision.read"))
        reader = connect(plane.url, **added, scopes=["provision.read"])
        with closing(reader):
            assert reader.request("GET", f"{SPACES}/global")["slug"] == "global"
            with pytest.raises(ResponseError) as caught:
                reader.request("POST", SPACES, {"space": {"name": "A", "type": "root"}})
    assert caught.value.status == 403
    assert json.loads(output_of("clients", "list", option, "--json"))[-1]["scopes"] == ["provision.read"]


def test_a_client_that_is_revoked_is_refused_at_once(tmp_path: Path) -> None:
    option = f"--store=sqlite:{tmp_path}/plane.db"
    with served(tmp_path / "plane.db", "--seed") as plane, closing(plane.connect()) as client:
        assert client.request("GET", f"{SPACES}/global")["slug"] == "global"
        assert json.loads(output_of("clients", "list", option, "--json")) == [
            {"id": plane.client_id, "scopes": ["provision.all"]}
        ]
        assert plane.client_id in output_of("clients", "list", option)
        assert output_of("clients", "revoke", plane.client_id, option) == f"revoked {plane.client_id}\n"
        with pytest.raises(Unauthorized):
            client.request("GET", f"{SPACES}/global")
    assert output_of("clients", "list", option) == "Clients: none\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["serve"], "Say which store is meant: --store sqlite:<path>, or set TAMA_STORE."),
        (["serve", "--store", "plane.db"], "'plane.db' is no store; write sqlite:<path of a file>, or postgresql://…."),
        (["serve", "--store", "sqlite:{}/p.db", "--listen", "8090"], "'8090' is no address; write HOST:PORT"),
        (["serve", "--store", "sqlite:{}/p.db", "--listen", "127.0.0.1:70000"], "is no address"),
        (["serve", "--store", "sqlite:{}/p.db", "--metrics-listen", "9100"], "'9100' is no address"),
        (["serve", "--store", "sqlite:/dev/null/p.db"], "cannot be made"),
        (
            ["serve", "--store", "sqlite:{}/p.db", "--allow-network", "lan"],
            "'lan' does not appear to be an IPv4 or IPv6",
        ),
        (["clients", "add", "--store", "sqlite:"], "'sqlite:' is no store"),
        (["clients", "list", "--store", "sqlite:{}/p.db"], "/p.db does not exist."),
        (
            ["clients", "add", "--store", "sqlite:{}/p.db", "--scope", "all"],
            "'all' is no scope; there are provision.all,",
        ),
        (["clients", "revoke", "--store", "sqlite:{}/p.db", "x"], "/p.db does not exist."),
    ],
)
def test_what_cannot_be_served_is_a_sentence(tmp_path: Path, arguments: list[str], said: str) -> None:
    ran = tama(*(argument.format(tmp_path) for argument in arguments))
    tried = "exist" in said or "made" in said
    assert (ran.returncode, ran.stdout) == (1 if tried else 2, b"")
    assert said in ran.stderr.decode()
    assert ran.stderr.decode().startswith("tama: ")
    assert ran.stderr.count(b"\n") == 1


def test_a_client_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    option = f"--store=sqlite:{tmp_path}/plane.db"
    output_of("clients", "add", option)
    ran = tama("clients", "revoke", "x", option)
    assert (ran.returncode, ran.stdout) == (1, b"")
    assert ran.stderr == b"tama: There is no client 'x'. `tama clients list` shows those that there are.\n"


@pytest.mark.parametrize("lifetime", ["0", "3601", "an hour"])
def test_a_token_is_good_for_an_hour_at_most(tmp_path: Path, lifetime: str) -> None:
    ran = tama("serve", "--store", f"sqlite:{tmp_path}/plane.db", "--token-lifetime", lifetime)
    assert ran.returncode == 2
    assert f"'{lifetime}' is no number of seconds from 1 to 3600" in ran.stderr.decode()


def test_an_address_that_is_taken_is_a_sentence(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        ran = tama("serve", "--store", f"sqlite:{tmp_path}/plane.db", "--listen", address)
    assert ran.returncode == 1
    assert f"The address {address} cannot be listened on: Address already in use." in ran.stderr.decode()


def test_two_servers_share_a_database(tmp_path: Path, database: str) -> None:
    with (
        served(tmp_path / "a.db", database=database) as a,
        served(tmp_path / "b.db", database=database) as b,
        closing(a.connect()) as first,
        closing(b.connect()) as second,
    ):
        space = first.request("POST", SPACES, {"space": {"name": "Movies", "type": "root"}})
        assert second.request("GET", f"{SPACES}/movies") == space
        # Clients and tokens lie in the database too.
        with closing(Served(b.url, a.client_id, a.client_secret).connect()) as third:
            assert third.request("GET", f"{SPACES}/movies") == space
        # So does what is known of the sessions of people.
        cookie, form_token = signed_in(a)
        # Behind one name they would have one cookie; on loopback its name ends with the port.
        there = cookie.replace(str(urlsplit(a.url).port), str(urlsplit(b.url).port), 1)
        assert "Movies" in page(b.url, "GET", "/", there)[0]
        page(b.url, "POST", "/sign-out", there, form_token=form_token)
        assert "Client secret" in page(a.url, "GET", "/", cookie)[0]
        document = {"openapi": "3.1.0", "info": {"title": "A", "version": "1"}, "paths": {"/a": {"get": {}}}}
        given = {"specification": {"schema": document, "version": "1", "endpoint": "https://a.example"}}
        made = first.request("POST", f"/provision/sensory/spaces/{space['id']}/specifications", given)
        assert made["current_state"] == "pending"
        assert settled(second, f"/provision/sensory/specifications/{made['id']}")["current_state"] == "completed"
    for log in tmp_path.glob("*.log"):
        assert '"level":"error"' not in log.read_text()


@pytest.mark.parametrize("how", ["PGPASSWORD", "TAMA_STORE", "PGPASSFILE"])
def test_a_password_comes_from_where_no_list_of_processes_shows_it(
    tmp_path: Path, postgresql: PostgreSQL, database: str, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = urlsplit(database).path.removeprefix("/")
    password = postgresql.password_file.read_text().strip().rpartition(":")[2]
    plain = f"postgresql://tests@127.0.0.1:{postgresql.port}/{name}"
    monkeypatch.setenv("PGPASSFILE", "/dev/null")
    values = {
        "PGPASSWORD": password,
        "PGPASSFILE": str(postgresql.password_file),
        "TAMA_STORE": plain.replace("tests@", f"tests:{password}@"),
    }
    monkeypatch.setenv(how, values[how])
    option = [] if how == "TAMA_STORE" else ["--store", plain]
    command = [sys.executable, "-m", "tama", "serve", *option, "--listen", "127.0.0.1:0"]
    with (tmp_path / "log").open("w+") as log:
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=log, text=True) as process:
            assert process.stdout
            said = process.stdout.readline()
            seen = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
            process.terminate()
        assert said.startswith("listening on "), (tmp_path / "log").read_text()
        assert password not in seen + said + (tmp_path / "log").read_text()


def test_a_password_on_the_command_line_is_refused_and_not_repeated() -> None:
    for address in ("postgresql://a:canary@host/db", "postgres://a@host/db?password=canary"):
        ran = tama("serve", "--store", address)
        assert ran.returncode == 2
        assert ran.stderr == (
            b"tama: The address of the store cannot be an option: it has a password in it; write that into a password"
            b" file, which PGPASSFILE names, or set TAMA_STORE.\n"
        )
    ran = tama("serve", "--store", "mysql://a:canary@host/db")
    assert (ran.returncode, b"canary" in ran.stderr) == (2, False)


def test_a_database_that_is_not_there_is_a_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    ran = tama("serve", "--store", f"postgresql://a@127.0.0.1:{port}/db")
    assert ran.returncode in (1, 2)
    assert ran.stderr.startswith(b"tama: The control plane's database cannot be used: ")
    assert b"Connection refused" in ran.stderr
    assert ran.stderr.count(b"\n") == 1


def test_a_database_that_goes_away_is_answered_503_and_all_goes_on_when_it_is_back(
    tmp_path: Path, postgresql: PostgreSQL, database: str
) -> None:
    schema = {"specification": {"schema": document({}), "version": "1", "endpoint": "https://a.example"}}
    with served(tmp_path / "plane.db", database=database) as plane, closing(plane.connect()) as client:
        space = client.request("POST", SPACES, {"space": {"name": "Movies", "type": "root"}})
        postgresql.stop()
        try:
            assert status(plane.url, "GET", "/readyz") == 503
            assert status(plane.url, "POST", "/auth/tokens", "grant_type=client_credentials") == 503
        finally:
            postgresql.start()
        assert client.request("GET", f"{SPACES}/{space['id']}") == space
        made = client.request("POST", f"/provision/sensory/spaces/{space['id']}/specifications", schema)
        assert settled(client, f"/provision/sensory/specifications/{made['id']}")["current_state"] == "completed"


def signed_in(plane: Served) -> tuple[str, str]:
    """The cookie of a session at a server, and the token of its forms."""
    body, cookie = page(plane.url, "GET", "/")
    credential = {"client_id": plane.client_id, "client_secret": plane.client_secret}
    _, cookie = page(plane.url, "POST", "/sign-in", cookie, form_token=form_token_of(body), **credential)
    body, cookie = page(plane.url, "GET", "/", cookie)
    return cookie, form_token_of(body)


def form_token_of(body: str) -> str:
    found = re.search(r'name="form_token" value="(\w+)"', body)
    assert found
    return found[1]


def page(url: str, method: str, path: str, cookie: str = "", **form: str) -> tuple[str, str]:
    """What a browser gets: a page, and a cookie."""
    headers = {"Accept": "text/html", "Content-Type": "application/x-www-form-urlencoded", "Cookie": cookie}
    with closing(http.client.HTTPConnection(urlsplit(url).netloc, timeout=10)) as connection:
        connection.request(method, path, urlencode(form) if form else None, headers)
        answer = connection.getresponse()
        return answer.read().decode(), answer.headers["Set-Cookie"].partition(";")[0]


def status(url: str, method: str, path: str, form: str = "") -> int:
    with closing(http.client.HTTPConnection(urlsplit(url).netloc, timeout=10)) as connection:
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Authorization": "Bearer YTpi"}
        connection.request(method, path, form, headers)
        return connection.getresponse().status
