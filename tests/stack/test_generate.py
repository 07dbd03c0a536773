"""What is generated is fresh, and says to a type checker what the declarations say."""

from __future__ import annotations

import importlib
import inspect
import typing
from pathlib import Path

import pytest

from stack import tama
from stack.cdktf_ import IResolvable
from stack.element import DataSource, Meta, Resource, Struct
from stack.tama import source_identity
from tama import catalog
from tools import constructs, generate
from tools.environment import ROOT


def test_the_generated_files_are_fresh() -> None:
    assert generate.main(["--check"]) == 0


def test_generating_twice_writes_the_same() -> None:
    assert generate.generated() == generate.generated()


def test_a_changed_a_missing_and_a_superfluous_file_are_stale(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(generate, "ROOT", tmp_path)
    assert generate.main([]) == 0
    assert generate.main(["--check"]) == 0
    (tmp_path / "stack" / "tama" / "space.py").write_text("changed")
    (tmp_path / "stack" / "tama" / "class_.py").unlink()
    (tmp_path / "stack" / "tama" / "planet.py").write_text("superfluous")
    (tmp_path / "docs" / "resources" / "planet.md").write_text("superfluous")
    (tmp_path / "docs" / "by_hand.md").write_text("not generated")
    capsys.readouterr()
    assert generate.main(["--check"]) == 1
    assert [line.split()[0] for line in capsys.readouterr().err.splitlines()] == [
        "docs/resources/planet.md",
        "stack/tama/class_.py",
        "stack/tama/planet.py",
        "stack/tama/space.py",
    ]
    assert generate.main([]) == 0
    assert generate.main(["--check"]) == 0
    assert (tmp_path / "docs" / "by_hand.md").exists()


def test_there_is_a_construct_for_every_declaration() -> None:
    types = {
        (issubclass(construct, DataSource), construct.terraform_type)
        for construct in map(vars(tama).get, tama.__all__)
        if inspect.isclass(construct) and issubclass(construct, Resource | DataSource)
    }
    assert types == {
        *((False, f"tama_{type_}") for type_ in [*catalog.RESOURCES, "local_service"]),
        *((True, f"tama_{type_}") for type_ in catalog.DATA_SOURCES),
    }


def _classes() -> list[type]:
    modules = [importlib.import_module(f"stack.tama.{path.stem}") for path in (ROOT / constructs.FOLDER).glob("*.py")]
    found = {item for module in modules for item in vars(module).values() if inspect.isclass(item)}
    return sorted((item for item in found if item.__module__.startswith("stack.tama.")), key=lambda item: item.__name__)


@pytest.mark.parametrize("class_", _classes(), ids=lambda class_: class_.__name__)
def test_every_class_is_typed_and_documented(class_: type) -> None:
    assert class_.__doc__
    names = {"Construct": object, "IResolvable": IResolvable, "Meta": Meta}
    if issubclass(class_, Struct):
        assert typing.get_type_hints(class_, localns=names)
        return
    hints = typing.get_type_hints(vars(class_)["__init__"], localns=names)
    for name in list(inspect.signature(vars(class_)["__init__"]).parameters)[1:]:
        assert name in hints
        assert f" {name}: " in class_.__doc__ or name == "meta"
    for item in vars(class_).values():
        if isinstance(item, property):
            assert item.__doc__
            assert "return" in typing.get_type_hints(item.fget, localns=names)


def test_what_is_required_has_no_default() -> None:
    parameters = inspect.signature(source_identity.SourceIdentity.__init__).parameters
    assert parameters["specification_id"].default is inspect.Parameter.empty
    assert parameters["validation"].default is inspect.Parameter.empty
    assert parameters["api_key"].default is None
    assert "current_state" not in parameters


def test_docstrings_tell_what_a_value_may_be() -> None:
    assert "One of `root`, `component`, `global`." in " ".join((inspect.getdoc(tama.Space) or "").split())
    assert "A change makes a new object." in (inspect.getdoc(tama.SpaceBridge) or "")
    assert "Sensitive." in (inspect.getdoc(tama.LocalService) or "")
