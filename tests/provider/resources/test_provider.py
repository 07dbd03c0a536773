from __future__ import annotations

import subprocess
import sys
import sysconfig
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from provider.framework.diagnostics import Diagnostics, Failure
from provider.protocol.values import UNKNOWN
from provider.resources.local_service import RESOURCE as LOCAL_SERVICE
from provider.resources.local_service_resource import _installed_version
from provider.resources.paths import fill, placeholders
from provider.resources.provider import TamaProvider
from tama import catalog
from tests.provider.driver import Driver

ROOT = Path(__file__).parents[3]
NOTHING: dict[str, Any] = {attribute.name: None for attribute in TamaProvider.schema.fields}
HOSTED = NOTHING | {"base_url": "https://tama.invalid", "client_id": "c", "client_secret": "s"}
WRONG_BASE_URLS = ("embedded:", "./tama", "ftp://x", "https://", "http:///x", "https:tama.invalid")


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("provider.resources.provider.posix.environ", {})


def configured(config: dict[str, Any]) -> tuple[TamaProvider, list[str]]:
    provider = TamaProvider("")
    diagnostics = Diagnostics("test")
    with diagnostics:
        provider.configure(config, diagnostics)
    return provider, [each["summary"] for each in diagnostics.messages()]


@pytest.mark.parametrize(
    ("config", "summaries"),
    [
        (NOTHING, ["Missing Base URL Configuration"]),
        (NOTHING | {"base_url": ""}, ["Missing Base URL Configuration"]),
        (NOTHING | {"base_url": "embedded:tama"}, []),
        *((NOTHING | {"base_url": wrong}, ["Invalid Base URL Configuration"]) for wrong in WRONG_BASE_URLS),
        (HOSTED | {"base_url": "ftp://tama.invalid"}, ["Invalid Base URL Configuration"]),
        (HOSTED, []),
        (HOSTED | {"client_id": None}, ["Missing Client ID Configuration"]),
        (HOSTED | {"client_secret": ""}, ["Missing Client Secret Configuration"]),
        (HOSTED | {"client_secret": UNKNOWN}, []),
        (HOSTED | {"key_file": "key.pem"}, ["Missing Certificate Configuration"]),
        (HOSTED | {"key_file": "key.pem", "cert_file": UNKNOWN}, []),
        (NOTHING | {"base_url": UNKNOWN}, []),
    ],
)
def test_a_configuration_is_whole_or_says_what_is_missing(config: dict[str, Any], summaries: list[str]) -> None:
    assert configured(config)[1] == summaries


@pytest.mark.parametrize("name", ["base_url", "client_secret", "timeout", "scopes", "ca_file"])
def test_what_is_not_known_yet_is_missed_only_when_it_is_needed(name: str) -> None:
    provider, _ = configured(HOSTED | {name: [UNKNOWN] if name == "scopes" else UNKNOWN})
    with pytest.raises(Failure, match=f"The provider's {name} is known after apply only"):
        provider.client()


def test_the_environment_stands_in_where_nothing_is_configured(monkeypatch: pytest.MonkeyPatch) -> None:
    environment = {b"TAMA_BASE_URL": b"https://tama.invalid", b"TAMA_CLIENT_ID": b"c", b"TAMA_CLIENT_SECRET": b"s"}
    monkeypatch.setattr("provider.resources.provider.posix.environ", environment)
    assert configured(NOTHING)[1] == []
    environment[b"TAMA_BASE_URL"] = b"ftp://tama.invalid"
    assert configured(NOTHING)[1] == ["Invalid Base URL Configuration"]
    assert configured(NOTHING | {"base_url": "embedded:tama"})[1] == []


@pytest.mark.parametrize(
    ("environment", "given", "expected"),
    [
        ({}, {}, (["provision.all"], 30)),
        ({b"TAMA_SCOPES": b"a  b", b"TAMA_TIMEOUT": b"7"}, {}, (["a", "b"], 7)),
        ({b"TAMA_SCOPES": b"a", b"TAMA_TIMEOUT": b"soon"}, {"scopes": ["c"], "timeout": 9}, (["c"], 9)),
    ],
)
def test_scopes_and_timeout_are_configured_or_from_the_environment(
    monkeypatch: pytest.MonkeyPatch, environment: dict[bytes, bytes], given: dict[str, Any], expected: Any
) -> None:
    asked: dict[str, Any] = {}
    monkeypatch.setattr("provider.resources.provider.posix.environ", environment)
    monkeypatch.setattr("provider.resources.provider.connect", lambda _, **settings: asked.update(settings))
    assert configured(HOSTED | given)[1] == []
    assert (asked["scopes"], asked["timeout"]) == expected


@pytest.mark.parametrize("name", [b"TAMA_TIMEOUT", b"TAMA_MAX_CONNECTIONS"])
@pytest.mark.parametrize("text", [b"soon", b"0", b"3601", b"1.5"])
def test_a_number_of_the_environment_that_is_none_is_an_error(
    monkeypatch: pytest.MonkeyPatch, name: bytes, text: bytes
) -> None:
    monkeypatch.setattr("provider.resources.provider.posix.environ", {name: text})
    assert configured(HOSTED)[1] == ["Invalid Provider Configuration"]
    assert configured(NOTHING | {"base_url": "embedded:tama"})[1] == []


def test_how_a_hosted_tama_is_reached_is_configured_or_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: dict[str, Any] = {}
    environment = {
        b"TAMA_MAX_CONNECTIONS": b"3",
        b"TAMA_CA_FILE": b"ca",
        b"TAMA_CERT_FILE": b"cert",
        b"TAMA_KEY_FILE": b"key",
    }
    monkeypatch.setattr("provider.resources.provider.posix.environ", environment)
    monkeypatch.setattr("provider.resources.provider.connect", lambda _, **settings: asked.update(settings))
    assert configured(HOSTED | {"ca_file": "own"})[1] == []
    tls = asked["tls"]
    assert (asked["max_connections"], tls.ca_file, tls.cert_file, tls.key_file) == (3, "own", "cert", "key")


def test_a_stop_ends_the_pause_before_a_request_is_repeated(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    asked: dict[str, Any] = {}
    monkeypatch.setattr("provider.resources.provider.connect", lambda _, **settings: asked.update(settings))
    provider, _ = configured(HOSTED)
    driver = Driver(provider)
    assert asked["pause"](0, "GET /a: 503") is False
    driver.call("StopProvider")
    assert asked["pause"](3600, "GET /a: 503") is True
    assert capfd.readouterr().err.count("GET /a: 503") == 2


def test_every_type_has_a_schema_with_a_description_everywhere() -> None:
    answer = Driver(TamaProvider("")).call("GetProviderSchema")
    assert set(answer["resource_schemas"]) == {f"tama_{name}" for name in (*catalog.RESOURCES, LOCAL_SERVICE.type)}
    assert set(answer["data_source_schemas"]) == {f"tama_{name}" for name in catalog.DATA_SOURCES}
    blocks = [answer["provider"]["block"]]
    blocks += [
        schema["block"] for name in ("resource_schemas", "data_source_schemas") for schema in answer[name].values()
    ]
    while blocks:
        block = blocks.pop()
        assert block["description"]
        assert all(attribute["description"] for attribute in block["attributes"])
        blocks += [nested["block"] for nested in block["block_types"]]


def test_the_schema_is_told_without_anything_slow() -> None:
    """Every launch tells it or serves a few calls of one kind: what is imported until then costs every launch."""
    code = (
        "import sys; before = set(sys.modules); sys.path += sys.argv[1:]\n"
        "from provider.framework.server import Server\n"
        "from provider.resources.provider import TamaProvider\n"
        "Server(TamaProvider(sys.argv[2])).handle('GetProviderSchema', b'')\n"
        "print(*sorted(set(sys.modules) - before))"
    )
    result = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code, str(ROOT), sysconfig.get_path("purelib")],
        capture_output=True,
        text=True,
        check=True,
    )
    foreign = {name for name in result.stdout.split() if name.split(".")[0] not in {"provider", "tama"}}
    assert foreign == {"__future__", "_struct"}


def test_the_version_of_the_installed_code_is_that_of_the_distribution(tmp_path: Path) -> None:
    assert _installed_version(sysconfig.get_path("purelib")) == version("memovee-personalization")
    assert _installed_version(str(tmp_path)) is None
    assert _installed_version(str(tmp_path / "nowhere")) is None


@pytest.mark.parametrize(
    ("value", "path"),
    [
        ("a b", "/x/a%20b"),
        ("a/b?c#d", "/x/a%2Fb%3Fc%23d"),
        ("é", "/x/%C3%A9"),
        ("..", "/x/%2E%2E"),
        ("a.b~-_", "/x/a.b~-_"),
    ],
)
def test_a_value_stays_one_segment_of_a_path(value: str, path: str) -> None:
    assert fill("/x/{id}", {"id": value}) == path


def test_the_names_in_a_template() -> None:
    assert placeholders("/a/{b}/c/{d:base64url}?e={f:lower}") == ["b", "d", "f"]
