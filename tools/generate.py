"""`make generate`: write what follows from the declarations of Tama's resources, and what is shipped of npm's packages.

From the declarations follow the constructs and the reference.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tools import constructs, progress, reference, shipped

ROOT = Path(__file__).resolve().parent.parent
OWNED = (
    f"{constructs.FOLDER}/*.py",
    *(f"{folder}/*.md" for folder in reference.FOLDERS),
    "examples/resources/*/import.sh",
    f"{shipped.FOLDER}/*",
)
"""Where no file may be that is not generated."""


def generated() -> dict[str, str]:
    """Return what is generated: the text by the path below the project's folder."""
    return constructs.files() | reference.files() | shipped.files()


def stale(files: dict[str, str]) -> list[str]:
    """Return the files that are not as they would be generated, and those that no longer would be."""
    present = {path.relative_to(ROOT).as_posix() for pattern in OWNED for path in ROOT.glob(pattern)}
    changed = {name for name, text in files.items() if _text(ROOT / name) != text}
    return sorted(present - files.keys() | changed)


def _text(path: Path) -> str | None:
    return path.read_text("utf-8") if path.is_file() else None


def main(arguments: list[str] | None = None) -> int:
    """Write what is generated, or with `--check` say what is stale."""
    parser = argparse.ArgumentParser(prog="generate", description="Write what is generated from the declarations.")
    parser.add_argument("--check", action="store_true", help="change nothing; exit 1 when a file is stale")
    options = parser.parse_args(arguments)
    files = generated()
    names = stale(files)
    if options.check:
        for name in names:
            print(f"{name} is stale: run `make generate`", file=sys.stderr)
        return 1 if names else 0
    for name in names:
        path = ROOT / name
        if name in files:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(files[name], "utf-8")
        else:
            path.unlink()
        print(name)
    return 0


if __name__ == "__main__":
    sys.exit(progress.main(main))
