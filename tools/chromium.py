"""Which Chromium the tests look at pages with: the machine's own, else the one in the npm package @sparticuz/chromium.

`TAMA_CHROMIUM` names a program by its path, or asks for the package with `bundled`. The choice is kept as a link in
`.venv/toolchain`.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
from pathlib import Path
from xml.sax.saxutils import escape

from tools import environment, progress, toolchain
from tools.environment import ROOT, TOOLCHAIN, VENV
from tools.progress import StepError

_PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
_PACKAGE = "@sparticuz/chromium"
_UNPACK = f'import("{_PACKAGE}").then(package => package.default.executablePath())'
_AS_ON_LAMBDA = {"AWS_EXECUTION_ENV": "AWS_Lambda_nodejs22.x"}
"""Has the package unpack the libraries too, which the machine may not have."""

_LAUNCHER = """#!/bin/sh
cd {folder} && FONTCONFIG_FILE=$PWD/fonts.conf LD_LIBRARY_PATH=$PWD/al2023/lib exec ./chromium "$@"
"""
_FONTS = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir>{folder}/fonts</dir><cachedir>{folder}/cache</cachedir></fontconfig>
"""
_ADVICE = (
    "Install Chromium and put it on PATH, or set TAMA_CHROMIUM to its path. Its package is for Linux on x86_64 with"
    " glibc 2.34 or newer."
)


def program() -> Path:
    """Return the Chromium to run.

    Raises:
        FileNotFoundError: It is not there.
    """
    chosen = TOOLCHAIN / "chromium"
    if not chosen.exists():
        raise FileNotFoundError("there is no Chromium; `make test` installs what the tests need")
    return chosen


def choose() -> None:
    """Choose a Chromium, unpack the package when there is no other, and say which it is.

    Raises:
        StepError: There is none, or not the one that TAMA_CHROMIUM names.
    """
    wish = os.environ.get("TAMA_CHROMIUM", "")
    own = wish or next(filter(None, map(toolchain.on_path, _PROGRAMS)), "bundled")
    chosen, source = (_packaged(), f"package {_PACKAGE}") if own == "bundled" else (Path(own).absolute(), own)
    version = progress.output([chosen, "--version"], environment.variables()).strip()
    if not version:
        raise StepError(f"The Chromium {chosen} does not start on this machine.", _ADVICE)
    toolchain.choose("chromium", chosen)
    print(f"{version} ({source})")


def _packaged() -> Path:
    """Return the launcher of the packaged Chromium, which is unpacked when it is not yet there."""
    package = json.loads((ROOT / "node_modules" / _PACKAGE / "package.json").read_text("utf-8"))
    folder = VENV / "chromium" / str(package["version"])
    if not folder.exists():
        with progress.step(f"Unpacking Chromium {folder.name} for the tests"):
            shutil.rmtree(folder.parent, ignore_errors=True)
            new = folder.with_name("new")
            new.mkdir(parents=True)
            progress.run(
                [TOOLCHAIN / "node", "-e", _UNPACK],
                log="chromium",
                advice=_ADVICE,
                environment=environment.variables() | _AS_ON_LAMBDA | {"TMPDIR": str(new)},
            )
            (new / "fonts.conf").write_text(_FONTS.format(folder=escape(str(folder))), "utf-8")
            (new / "launch").write_text(_LAUNCHER.format(folder=shlex.quote(str(folder))), "utf-8")
            (new / "launch").chmod(0o755)
            new.rename(folder)
    return folder / "launch"
