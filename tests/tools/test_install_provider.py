"""Laying the provider where Terraform finds it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.terraform import Home, Terraform
from tools import environment, install_provider, toolchain
from tools.install_provider import Installation
from tools.progress import StepError

PROVIDER = """
import os, sys
print(os.getcwd(), *sys.argv[1:], sys.flags.isolated, sys.flags.no_site, sep="|")
"""
CONFIGURATION = """
terraform {
  required_providers {
    tama = { source = "memovee/tama" }
  }
}
"""
MISSING = "run `make install-provider`"


def checkout(folder: Path) -> Installation:
    """Make a checkout whose provider says how it was started."""
    (folder / "provider").mkdir(parents=True)
    (folder / "provider" / "__main__.py").write_text(PROVIDER, "utf-8")
    python = environment.base_interpreter()
    return Installation(python, folder, folder / "site packages", folder / "certificates")


def launcher(mirror: Path, registry: str = "registry.terraform.io") -> Path:
    package = mirror / registry / "memovee" / "tama" / "1.2.3" / install_provider.this_platform()
    return package / "terraform-provider-tama_v1.2.3"


def launch(path: Path, folder: Path, home: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([path], cwd=folder, env={"HOME": str(home)}, capture_output=True, text=True, check=False)


@pytest.fixture
def mirror(tmp_path: Path) -> Path:
    return tmp_path / "a mirror"


@pytest.mark.parametrize("registry", install_provider.REGISTRIES)
def test_the_launcher_starts_the_checkouts_provider_where_it_is_called(
    tmp_path: Path, mirror: Path, registry: str
) -> None:
    root = tmp_path / 'it\'s a "check" out'
    install_provider.install(mirror, checkout(root), "1.2.3")
    result = launch(launcher(mirror, registry), tmp_path, tmp_path)
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout == f"{tmp_path}|{root}/site packages|{root}/certificates|1|1\n"


def test_the_launcher_works_through_the_link_that_terraform_makes(tmp_path: Path, mirror: Path) -> None:
    install_provider.install(mirror, checkout(tmp_path / "checkout"), "1.2.3")
    link = tmp_path / "work" / ".terraform" / "linux_amd64"
    link.parent.mkdir(parents=True)
    link.symlink_to(launcher(mirror).parent)
    result = launch(link / launcher(mirror).name, tmp_path / "work", tmp_path)
    assert result.stdout.startswith(f"{tmp_path}/work|")


def test_a_copied_package_falls_back_to_the_users_mirror(tmp_path: Path) -> None:
    install_provider.install(tmp_path / ".terraform.d" / "plugins", checkout(tmp_path / "checkout"), "1.2.3")
    copy = tmp_path / "cache" / "linux_amd64" / launcher(tmp_path).name
    copy.parent.mkdir(parents=True)
    shutil.copy(launcher(tmp_path / ".terraform.d" / "plugins"), copy)
    assert launch(copy, tmp_path, tmp_path).stdout.startswith(f"{tmp_path}|")
    without = launch(copy, tmp_path, tmp_path / "elsewhere")
    assert (without.returncode, without.stdout) == (1, "")
    assert MISSING in without.stderr


@pytest.mark.parametrize("gone", ["checkout", "python"])
def test_a_launcher_without_its_checkout_or_python_says_in_one_sentence_what_to_do(
    tmp_path: Path, mirror: Path, gone: str
) -> None:
    python = tmp_path / "python"
    python.symlink_to(environment.base_interpreter())
    made = checkout(tmp_path / "checkout")
    install_provider.install(
        mirror, Installation(python, made.root, made.site_packages, made.certificates), version="1.2.3"
    )
    if gone == "checkout":
        shutil.rmtree(made.root)
    else:
        python.unlink()
    result = launch(launcher(mirror), tmp_path, tmp_path)
    assert (result.returncode, result.stdout) == (1, "")
    assert MISSING in result.stderr
    assert result.stderr.count("\n") == 1


def test_installing_twice_changes_nothing(tmp_path: Path, mirror: Path) -> None:
    def snapshot() -> dict[Path, tuple[int, int, bytes]]:
        files = [path for path in mirror.rglob("*") if path.is_file()]
        return {path: (path.stat().st_ino, path.stat().st_mtime_ns, path.read_bytes()) for path in files}

    made = checkout(tmp_path / "checkout")
    assert install_provider.install(mirror, made, "1.2.3") == []
    before = snapshot()
    assert install_provider.install(mirror, made, "1.2.3") == []
    assert snapshot() == before
    assert len(before) == 2 * len(install_provider.REGISTRIES)


def test_what_does_not_belong_into_the_hashed_folder_is_removed(tmp_path: Path, mirror: Path) -> None:
    made = checkout(tmp_path / "checkout")
    install_provider.install(mirror, made, "1.2.3")
    package = launcher(mirror).parent
    (package / "__pycache__").mkdir()
    (package / "stray").touch()
    launcher(mirror).chmod(0o644)
    install_provider.install(mirror, made, "1.2.3")
    assert list(package.iterdir()) == [launcher(mirror)]
    assert os.access(launcher(mirror), os.X_OK)


def test_a_second_checkout_takes_over_and_says_from_whom(tmp_path: Path, mirror: Path) -> None:
    install_provider.install(mirror, checkout(tmp_path / "first"), "1.2.3")
    (note,) = install_provider.install(mirror, checkout(tmp_path / "second"), "1.2.3")
    assert str(tmp_path / "first") in note
    assert f"|{tmp_path}/second/site packages|" in launch(launcher(mirror), tmp_path, tmp_path).stdout
    assert not install_provider.remove(mirror, tmp_path / "first", "1.2.3")
    assert install_provider.remove(mirror, tmp_path / "second", "1.2.3")
    assert list(mirror.iterdir()) == []


def test_removing_leaves_other_providers_alone(tmp_path: Path, mirror: Path) -> None:
    install_provider.install(mirror, checkout(tmp_path / "checkout"), "1.2.3")
    other = mirror / "registry.terraform.io" / "memovee" / "other"
    other.mkdir()
    install_provider.remove(mirror, tmp_path / "checkout", "1.2.3")
    assert [path for path in mirror.rglob("*") if path.name in ("tama", "other")] == [other]


def test_the_package_may_be_used_under_a_strict_umask(tmp_path: Path, mirror: Path) -> None:
    before = os.umask(0o077)
    try:
        install_provider.install(mirror, checkout(tmp_path / "checkout"), "1.2.3")
    finally:
        os.umask(before)
    assert {path.stat().st_mode & 0o077 for path in mirror.rglob("*")} == {0}
    assert (tmp_path / "checkout" / "certificates").stat().st_mode & 0o777 == 0o700
    assert launch(launcher(mirror), tmp_path, tmp_path).returncode == 0


def test_a_path_that_lines_cannot_hold_is_refused(tmp_path: Path, mirror: Path) -> None:
    with pytest.raises(ValueError, match="line break"):
        install_provider.install(mirror, checkout(tmp_path / "two\nlines"), "1.2.3")


def test_the_installed_interpreter_is_no_link_and_runs(tmp_path: Path) -> None:
    python = install_provider.of_checkout().python
    assert not python.is_symlink()
    answer = subprocess.run(
        [python, "-I", "-S", "-c", "import sys; print(sys.prefix)"], capture_output=True, check=True
    )
    assert answer.stdout.decode().strip() == sys.base_prefix


@pytest.mark.parametrize("version", [None, *toolchain.TEST_TERRAFORMS])
def test_terraform_locks_the_same_hash_from_two_checkouts(tmp_path: Path, version: str | None) -> None:
    binary = toolchain.terraform(version)
    locks = []
    for name in ("first", "second one"):
        home = Home(tmp_path / name)
        install_provider.install(home.mirror, checkout(tmp_path / name / "checkout"))
        terraform = Terraform(tmp_path / name / "work", home, binary=binary)
        terraform.write(CONFIGURATION)
        terraform.init()
        locks.append((terraform.folder / ".terraform.lock.hcl").read_text("utf-8"))
    assert '"h1:' in locks[0]
    assert locks[0] == locks[1]


def test_the_command_prints_the_lines_to_add_when_the_mirror_is_hidden(
    tmp_path: Path, mirror: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    configuration = tmp_path / "terraformrc"
    configuration.write_text("provider_installation {\n  direct {}\n}\n", "utf-8")
    monkeypatch.setenv("TF_CLI_CONFIG_FILE", str(configuration))
    monkeypatch.setattr(environment, "CERTIFICATES", tmp_path / "certificates")
    install_provider.main(["--mirror", str(mirror)])
    printed = capsys.readouterr().out
    assert str(configuration) in printed
    assert install_provider.lines_to_add(mirror) in printed

    configuration.write_text(f"provider_installation {{\n{install_provider.lines_to_add(mirror)}}}\n", "utf-8")
    install_provider.main(["--mirror", str(mirror)])
    assert str(configuration) not in capsys.readouterr().out


def test_a_mirror_that_cannot_be_written_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setattr(environment, "CERTIFICATES", tmp_path / "certificates")
    with pytest.raises(StepError) as caught:
        install_provider.main(["--mirror", str(tmp_path / "file" / "mirror")])
    assert "MIRROR=" in caught.value.advice
