from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, NamedTuple

import pytest

from tests.provider.protocol.process import Provider, start

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PROTO = Path(__file__).with_name("tfplugin6.proto")


class Generated(NamedTuple):
    """The modules that grpcio-tools makes of tfplugin6.proto."""

    messages: ModuleType
    services: ModuleType


@pytest.fixture(scope="session")
def tfplugin6(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Generated]:
    folder = tmp_path_factory.mktemp("tfplugin6")
    out = [f"--python_out={folder}", f"--grpc_python_out={folder}"]
    subprocess.run([sys.executable, "-m", "grpc_tools.protoc", f"-I{PROTO.parent}", *out, PROTO.name], check=True)
    sys.path.insert(0, str(folder))
    try:
        yield Generated(importlib.import_module("tfplugin6_pb2"), importlib.import_module("tfplugin6_pb2_grpc"))
    finally:
        sys.path.remove(str(folder))


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the server's certificate; making one is slow, so most tests share it."""
    return tmp_path_factory.mktemp("certificates") / "kept"


@pytest.fixture
def provider(certificates: Path) -> Iterator[Callable[..., Provider]]:
    """Starts providers, and ends them with the test."""
    started: list[Provider] = []

    def launch(**options: object) -> Provider:
        started.append(start(certificates=certificates, **options))  # type: ignore[arg-type]
        return started[-1]

    yield launch
    for process in started:
        process.end()
