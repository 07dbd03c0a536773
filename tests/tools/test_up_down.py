"""`make up` and `make down` with stand-ins for cdktf, Terraform and the service; tests/e2e has the real ones."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tools import bootstrap, conversation, deployment, down, environment, install_provider, progress, up
from tools.environment import ROOT
from tools.progress import StepError

OUTPUTS = {
    "specification_id": "specification-1",
    "service_url": "http://127.0.0.1:1234",
}
CDKTF = f"""#!{sys.executable}
import json, os, sys
from pathlib import Path
with open("calls", "a") as calls:
    print("cdktf", *sys.argv[1:], os.environ["TF_CLI_CONFIG_FILE"], file=calls)
state = Path(".state/cdktf/terraform.tfstate")
if sys.argv[1] == "deploy":
    state.write_text(json.dumps({{"resources": [{{}}]}}))
    Path(sys.argv[-1]).write_text(json.dumps({{"personalization": {OUTPUTS}}}))
else:
    state.write_text(json.dumps({{"resources": []}}))
"""
TERRAFORM = """#!/bin/sh
echo terraform "$@" >>calls
"""
TAMA = f"""#!{sys.executable}
import json, sys
with open("calls", "a") as calls:
    print("tama", *sys.argv[1:-1], file=calls)
body = {{
    "names": [{{"group": "callable", "value": "Ada"}}, {{"group": "real", "value": "Augusta"}}],
    "text": "# Actor\\n- not known yet",
    "value": "en-GB",
    "events": [{{}}, {{}}],
}}
print(json.dumps({{"status": 200, "body": body}}))
"""


class Checkout:
    """A checkout with stand-ins for the tools."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder / "checkout"
        self.home = folder / "home"
        self.state = self.folder / ".state"
        self.bin = self.folder / "bin"
        self.prepared: list[str] = []
        self.home.mkdir()
        self.bin.mkdir(parents=True)
        for name, text in {"cdktf": CDKTF, "terraform": TERRAFORM, "tama": TAMA}.items():
            self.program(name, text)
        for module in (conversation, deployment, down, environment, progress, up):
            for name, path in {
                "ROOT": self.folder,
                "STATE": self.state,
                "LOGS": self.state / "log",
                "BIN": self.bin,
                "TOOLCHAIN": self.bin,
                "CDKTF": self.bin / "cdktf",
                "CERTIFICATES": self.state / "provider" / "certificates",
                "CLI_CONFIGURATION": self.state / "provider" / "terraformrc",
                "LOCK": self.state / "lock",
            }.items():
                if isinstance(getattr(module, name, None), Path):
                    monkeypatch.setattr(module, name, path)
        monkeypatch.setattr(bootstrap, "prepare", lambda *what: self.prepared.append(" ".join(what)))
        monkeypatch.setattr(environment, "version", lambda: "1.2.3")
        monkeypatch.setenv("HOME", str(self.home))
        monkeypatch.delenv("PURGE", raising=False)
        monkeypatch.chdir(self.folder)

    def program(self, name: str, text: str) -> None:
        (self.bin / name).write_text(text, "utf-8")
        (self.bin / name).chmod(0o755)

    def calls(self) -> list[str]:
        path = self.folder / "calls"
        lines = path.read_text("utf-8").splitlines() if path.exists() else []
        path.unlink(missing_ok=True)
        return lines

    def hcl_state(self, text: str) -> Path:
        path = self.state / "terraform" / "terraform.tfstate"
        path.parent.mkdir(parents=True)
        path.write_text(text, "utf-8")
        return path

    def names(self) -> set[str]:
        return {path.name for path in self.folder.iterdir()}


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Checkout:
    return Checkout(tmp_path, monkeypatch)


def test_up_deploys_and_ends_with_a_conversation(
    checkout: Checkout, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TF_CLI_CONFIG_FILE", "/the/users/own")
    up.main()
    configuration = checkout.state / "provider" / "terraformrc"
    deployed, *called = checkout.calls()
    assert deployed == f"cdktf deploy --auto-approve --outputs-file {checkout.state}/cdktf/outputs.json {configuration}"
    assert [call.rpartition(":")[2] for call in called] == [
        "erase-actor",
        "get-context",
        "create-or-update-profile",
        "get-profile",
        "create-or-update-preference",
        "append-history",
        "get-context",
    ]
    at = f"tama call --base-url embedded:{checkout.state}/cdktf/tama specification-1:"
    assert all(call.startswith(at) for call in called)
    assert str(checkout.home / ".terraform.d" / "plugins") in configuration.read_text("utf-8")
    assert capsys.readouterr().out.splitlines()[-11:] == [
        "erase-actor: 200, what an earlier conversation left is gone",
        "get-context: 200",
        "  | # Actor",
        "  | - not known yet",
        "create-or-update-profile: 200, names: Ada (callable), Augusta (real)",
        "get-profile: 200, names: Ada (callable), Augusta (real)",
        "create-or-update-preference: 200, en-GB",
        "append-history: 200, 2 events",
        "get-context: 200",
        "  | # Actor",
        "  | - not known yet",
    ]


def test_up_forgets_what_cdktf_has_locked(checkout: Checkout) -> None:
    lock = checkout.folder / "cdktf.out" / "stacks" / "personalization" / ".terraform.lock.hcl"
    lock.parent.mkdir(parents=True)
    lock.touch()
    up.main()
    assert not lock.exists()


def test_a_call_waits_until_what_was_erased_is_gone(
    checkout: Checkout, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(conversation, "_PAUSE_S", 0)
    refusal = "touch tried; echo '{\"status\": 409}'; exit 1"
    first = f'case "$4" in *-profile) [ -e tried ] || {{ {refusal}; }} esac'
    checkout.program("tama.py", TAMA)
    checkout.program("tama", f'#!/bin/sh\n{first}\nexec "$0.py" "$@"\n')
    up.main()
    assert "create-or-update-profile: 200" in capsys.readouterr().out
    assert (checkout.folder / "tried").exists()


@pytest.mark.parametrize("answer", ['{"status": 200, "body": {"names": null}}', "no answer"])
def test_an_answer_that_is_not_what_the_action_answers_fails_up(checkout: Checkout, answer: str) -> None:
    checkout.program("tama", f"#!/bin/sh\necho '{answer}'\n")
    with pytest.raises(StepError, match="did not answer as it should"):
        up.main()


def test_an_action_that_refuses_fails_up(checkout: Checkout) -> None:
    checkout.program("tama", '#!/bin/sh\necho \'{"status": 401, "body": {"code": "unauthenticated"}}\'; exit 1\n')
    with pytest.raises(StepError, match="unauthenticated"):
        up.main()


def test_a_failed_deployment_fails_up(checkout: Checkout) -> None:
    checkout.program("cdktf", "#!/bin/sh\necho no space left; exit 1\n")
    with pytest.raises(StepError, match="no space left") as caught:
        up.main()
    assert "make up" in caught.value.advice


def test_the_errors_of_terraform_are_shown_and_not_its_plan(checkout: Checkout) -> None:
    (checkout.folder / "tools").mkdir()
    toolchain = checkout.folder / ".venv" / "toolchain"
    toolchain.mkdir(parents=True)
    shutil.copy(ROOT / "tools" / "terraform_for_cdktf.sh", checkout.folder / "tools")
    checkout.program("../.venv/toolchain/terraform", '#!/bin/sh\necho a long plan; echo "Error: $1" >&2; exit 1\n')
    checkout.program("cdktf", '#!/bin/sh\n"$TERRAFORM_BINARY_NAME" "no such region"; echo the end; exit 1\n')
    for _ in range(2):
        with pytest.raises(StepError) as caught:
            up.main()
        assert caught.value.what.endswith("terraform-errors.log:\n  | Error: no such region")


def test_an_interrupted_deployment_says_what_may_be_running(
    checkout: Checkout, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(progress, "run", interrupt)
    assert progress.main(up.main) == 130
    said = capsys.readouterr()
    assert said.out.endswith("Deploying with cdktf ... interrupted\n")
    assert "A service may be running: `make up` goes on, `make down` takes it down." in said.err
    assert "Run the same command" not in said.err


@pytest.mark.parametrize("command", [up.main, down.main])
def test_a_second_command_is_refused_while_one_runs(
    checkout: Checkout, capsys: pytest.CaptureFixture[str], command: Callable[[], None]
) -> None:
    with deployment.exclusive():
        assert progress.main(command) == 2
    assert f"is running (process {os.getpid()})." in capsys.readouterr().err
    assert checkout.prepared == []
    assert progress.main(command) == 0


def test_a_home_that_cannot_be_written_to_is_said(checkout: Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
    (checkout.folder / "file").touch()
    monkeypatch.setenv("HOME", str(checkout.folder / "file"))
    with pytest.raises(StepError) as caught:
        up.main()
    assert "HOME" in caught.value.advice


def test_down_destroys_and_keeps_the_users_data(checkout: Checkout, capsys: pytest.CaptureFixture[str]) -> None:
    up.main()
    data = checkout.state / "cdktf" / "service" / "profiles.db"
    data.parent.mkdir()
    data.touch()
    (checkout.state / "cdktf" / "tama").mkdir()
    (checkout.folder / "cdktf.out").mkdir()
    (checkout.state / "cdktf" / "terraform.tfstate.backup").touch()
    checkout.calls()

    down.main()
    assert checkout.calls() == [f"cdktf destroy --auto-approve {checkout.state}/provider/terraformrc"]
    assert checkout.names() == {"bin", ".state"}
    assert [path.name for path in (checkout.state / "cdktf").iterdir()] == ["service"]
    assert data.exists()
    assert str(data.parent) in capsys.readouterr().out
    assert list(checkout.home.rglob("terraform-provider-tama_*"))


def test_down_with_purge_removes_the_data_and_the_provider(checkout: Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
    up.main()
    monkeypatch.setenv("PURGE", "1")
    down.main()
    checkout.calls()
    assert checkout.names() == {"bin"}
    assert not list(checkout.home.rglob("*tama*"))


@pytest.mark.parametrize("wish", ["0", "no", "yes", "true", " 1"])
def test_any_other_purge_is_refused_before_anything_is_done(
    checkout: Checkout, monkeypatch: pytest.MonkeyPatch, wish: str
) -> None:
    up.main()
    checkout.calls()
    monkeypatch.setenv("PURGE", wish)
    with pytest.raises(StepError, match=f"PURGE={wish} is not known") as caught:
        down.main()
    assert caught.value.code == 2
    assert checkout.calls() == []
    assert deployment.CDKTF.is_up()


def test_down_destroys_the_other_twin_too(checkout: Checkout) -> None:
    state = checkout.hcl_state(json.dumps({"resources": [{}]}))
    down.main()
    assert [line.split()[:2] for line in checkout.calls()] == [["terraform", "init"], ["terraform", "destroy"]]
    assert checkout.prepared == ["run terraform"]
    assert not state.exists()


def test_a_state_that_cannot_be_read_is_not_thrown_away(checkout: Checkout) -> None:
    state = checkout.hcl_state("damaged")
    checkout.program("terraform", "#!/bin/sh\nexit 1\n")
    with pytest.raises(StepError):
        down.main()
    assert state.read_text("utf-8") == "damaged"


def test_down_with_nothing_up_prepares_nothing(checkout: Checkout, capsys: pytest.CaptureFixture[str]) -> None:
    down.main()
    down.main()
    assert checkout.prepared == []
    assert checkout.calls() == []
    assert capsys.readouterr().out == "Nothing of this checkout is running.\n" * 2


def test_down_stops_a_service_that_no_state_knows_of(checkout: Checkout, capsys: pytest.CaptureFixture[str]) -> None:
    command = [sys.executable, "-c", "print(flush=True); input()", str(checkout.state / "terraform" / "service")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout
        process.stdout.readline()
        down.main()
        assert process.wait() < 0
    assert f"process {process.pid}" in capsys.readouterr().out


def test_the_provider_of_another_checkout_survives_purge(
    checkout: Checkout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = install_provider.Installation(Path(sys.executable), tmp_path / "other", tmp_path, tmp_path / "c")
    install_provider.install(install_provider.default_mirror(), other)
    monkeypatch.setenv("PURGE", "1")
    down.main()
    assert list(checkout.home.rglob("terraform-provider-tama_*"))
