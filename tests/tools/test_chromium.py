"""Which Chromium is chosen for the tests."""

import json
from pathlib import Path

import pytest

from tools import chromium, progress, toolchain
from tools.progress import StepError

# In place of Node: it unpacks what the package would, as far as it is looked at here.
UNPACKING = """#!/bin/sh
cd "$TMPDIR" && cat > chromium <<'END'
#!/bin/sh
echo "Chromium 1.2.3 of $FONTCONFIG_FILE and $LD_LIBRARY_PATH"
END
chmod +x chromium
"""


class Machine:
    """A machine with programs of a test's own alone, and a checkout whose environment is still empty."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.bin = folder / "bin"
        self.venv = folder / "it's a checkout" / ".venv"
        links = self.venv / "toolchain"
        package = folder / "node_modules" / "@sparticuz" / "chromium"
        for path in (self.bin, links, package):
            path.mkdir(parents=True)
        (package / "package.json").write_text(json.dumps({"version": "1.2.3"}), "utf-8")
        for module in (chromium, toolchain):
            monkeypatch.setattr(module, "TOOLCHAIN", links)
        for name in ("ROOT", "STATE", "LOGS"):
            monkeypatch.setattr(progress, name, folder)
        monkeypatch.setattr(chromium, "ROOT", folder)
        monkeypatch.setattr(chromium, "VENV", self.venv)
        monkeypatch.setattr(
            toolchain, "on_path", lambda name: str(path) if (path := self.bin / name).exists() else None
        )
        monkeypatch.delenv("TAMA_CHROMIUM", raising=False)
        self.node = self.program(links / "node", UNPACKING)

    def program(self, path: Path, text: str) -> Path:
        path.write_text(text, "utf-8")
        path.chmod(0o755)
        return path

    def own(self, name: str) -> Path:
        return self.program(self.bin / name, "#!/bin/sh\necho Chromium 156.0\n")


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    return Machine(tmp_path, monkeypatch)


@pytest.mark.parametrize("name", ["chromium", "chromium-browser", "google-chrome"])
def test_one_on_path_is_taken(machine: Machine, capsys: pytest.CaptureFixture[str], name: str) -> None:
    own = machine.own(name)
    chromium.choose()
    assert chromium.program().readlink() == own
    assert capsys.readouterr().out == f"Chromium 156.0 ({own})\n"


def test_without_one_the_package_is_unpacked_once(machine: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    chromium.choose()
    folder = machine.venv / "chromium" / "1.2.3"
    assert chromium.program().readlink() == folder / "launch"
    said = f"Chromium 1.2.3 of {folder}/fonts.conf and {folder}/al2023/lib (package @sparticuz/chromium)\n"
    assert capsys.readouterr().out.endswith(said)
    machine.node.unlink()
    chromium.choose()
    assert capsys.readouterr().out == said


def test_what_broke_off_is_unpacked_anew(machine: Machine) -> None:
    machine.program(machine.node, '#!/bin/sh\ntouch "$TMPDIR/half"; exit 1\n')
    with pytest.raises(StepError):
        chromium.choose()
    machine.program(machine.node, UNPACKING)
    chromium.choose()
    assert not (machine.venv / "chromium" / "1.2.3" / "half").exists()


def test_the_package_or_a_program_can_be_asked_for(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    machine.own("chromium")
    monkeypatch.setenv("TAMA_CHROMIUM", "bundled")
    chromium.choose()
    assert chromium.program().readlink().name == "launch"
    monkeypatch.setenv("TAMA_CHROMIUM", str(machine.own("another")))
    chromium.choose()
    assert chromium.program().readlink() == machine.bin / "another"


def test_one_that_does_not_start_is_refused_with_advice(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TAMA_CHROMIUM", str(machine.bin / "none"))
    with pytest.raises(StepError, match="does not start") as refused:
        chromium.choose()
    assert "TAMA_CHROMIUM" in refused.value.advice
    with pytest.raises(FileNotFoundError, match="make test"):
        chromium.program()
