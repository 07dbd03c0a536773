"""Prepare a checkout: `python -m tools.bootstrap run|dev [TOOL]...`, with tools from the table below.

Everything is installed below the checkout, from locks with hashes, and only when it is missing or has changed.
"""

from __future__ import annotations

import sys

from tools import chromium, packages, progress, toolchain

TOOLS = {
    "terraform": toolchain.choose_terraform,
    "node": toolchain.choose_node,
    "cdktf": toolchain.install_cdktf,
    "npm-packages": toolchain.install_npm_packages,
    "chromium": chromium.choose,
    "test-terraforms": toolchain.install_test_terraforms,
}


def prepare(lock: str, *tools: str) -> None:
    """Install Python packages and the tools that are named.

    Args:
        lock: `run` or `dev`.
        tools: Names from `TOOLS`, in the order in which they need each other.

    Raises:
        StepError: A step could not be done.
    """
    packages.install(lock)
    for tool in tools:
        TOOLS[tool]()


if __name__ == "__main__":
    sys.exit(progress.main(lambda: prepare(*sys.argv[1:])))
