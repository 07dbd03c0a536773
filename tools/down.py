"""`make down`: destroy what `make up`, or Terraform in the top folder, has deployed."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from tools import bootstrap, deployment, install_provider, processes, progress, up
from tools.deployment import CDKTF, HCL, Twin
from tools.environment import ROOT, STATE, TOOLCHAIN
from tools.progress import StepError

_ADVICE = "Mend what the output names and run `make down` again."


def destroy_cdktf() -> None:
    """Destroy the twin that cdktf has deployed.

    Raises:
        StepError: cdktf could not destroy it.
    """
    bootstrap.prepare("run", "terraform", "node", "cdktf")
    up.install_the_provider()
    with progress.step("Destroying with cdktf"):
        deployment.run_cdktf("destroy", "--auto-approve", log="destroy", advice=_ADVICE)


def destroy_hcl() -> None:
    """Destroy the twin that Terraform has deployed from `personalization.tf`.

    Raises:
        StepError: Terraform could not destroy it.
    """
    bootstrap.prepare("run", "terraform")
    up.install_the_provider()
    terraform = TOOLCHAIN / "terraform"
    with progress.step("Destroying with Terraform"):
        for name, options in {"init": ("-upgrade",), "destroy": ("-auto-approve",)}.items():
            progress.run(
                [terraform, name, "-input=false", "-no-color", *options],
                log=f"terraform-{name}",
                advice=_ADVICE,
                environment=deployment.variables(),
            )


def stop_what_is_left(twin: Twin) -> None:
    """Stop a service whose Terraform state is gone, so that nothing destroys it any more."""
    pids = processes.working_on(twin.data)
    if pids:
        with progress.step(f"Stopping a service that no state knows of (process {', '.join(map(str, pids))})"):
            processes.stop(pids)


def remove_state(twin: Twin) -> None:
    """Remove a twin's Terraform state and control plane, both empty by now, and what its tool has left."""
    backup = twin.state.with_name(f"{twin.state.name}.backup")
    leftovers = (ROOT / name for name in twin.leftovers)
    remove(twin.control_plane, twin.outputs, twin.state, backup, *leftovers)


def purge() -> None:
    """Remove the users' data, everything else in `.state`, and the provider that was installed from this checkout."""
    # The lock goes last: it keeps a `make up` from building in the folder while it is removed.
    remove(*(path for path in STATE.iterdir() if path != deployment.LOCK))
    remove(STATE)
    if install_provider.remove(install_provider.default_mirror(), ROOT):
        print(f"The provider is gone from {install_provider.default_mirror()}.")
    print("The data of the service is gone too.")


def remove(*paths: Path) -> None:
    """Remove files and folders that may be there."""
    for path in paths:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def main() -> None:
    """Destroy both twins, as far as they are up, and say what is left.

    Raises:
        StepError: PURGE is neither empty nor 1, or a twin could not be destroyed.
    """
    wish = os.environ.get("PURGE", "")
    if wish not in ("", "1"):
        raise StepError(
            f"PURGE={wish} is not known, so nothing was done.",
            "`make down PURGE=1` removes the profiles too, `make down` keeps them.",
            code=2,
        )
    with deployment.exclusive():
        take_down(purging=bool(wish))


def take_down(*, purging: bool) -> None:
    """Destroy what is up, and say what is left.

    Args:
        purging: Whether to remove the users' data and the installed provider too.

    Raises:
        StepError: A twin could not be destroyed.
    """
    for twin, destroy in ((CDKTF, destroy_cdktf), (HCL, destroy_hcl)):
        if twin.is_up():
            destroy()
        stop_what_is_left(twin)
        remove_state(twin)
    if purging:
        purge()
    else:
        for twin in (CDKTF, HCL):
            if twin.data.exists():
                print(f"The profiles are kept in {twin.data}; `make down PURGE=1` removes them.")
    print("Nothing of this checkout is running.")


if __name__ == "__main__":
    sys.exit(progress.main(main))
