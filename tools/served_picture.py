"""The picture in the docs of what `tama serve` shows at `/`, as Chromium shows it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

from tools import chromium
from tools.environment import ROOT

_TAMA = (sys.executable, "-m", "tama")
_WINDOW: Any = {"width": 1120, "height": 700}


def take(control_plane: Path, picture: Path) -> None:
    """Serve a control plane for a moment, and take the picture of its first page.

    Args:
        control_plane: The folder of an embedded one, which gets a client for this.
        picture: The file to write, a PNG.
    """
    store = f"--store=sqlite:{control_plane / 'tama.db'}"
    added = subprocess.run([*_TAMA, "clients", "add", store, "--json"], cwd=ROOT, check=True, stdout=subprocess.PIPE)
    client = json.loads(added.stdout)
    with _served(store) as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium.program(), args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport=_WINDOW, color_scheme="light")
        page.goto(url)
        page.get_by_label("Client id").fill(client["client_id"])
        page.get_by_label("Client secret").fill(client["client_secret"])
        page.get_by_role("button", name="Sign in").click()
        page.get_by_role("heading", name="Spaces and bridges").wait_for()
        page.screenshot(path=picture, full_page=True)
        browser.close()


@contextmanager
def _served(store: str) -> Iterator[str]:
    command = [*_TAMA, "serve", store, "--listen", "127.0.0.1:0"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        assert server.stdout  # noqa: S101 - it has a pipe
        try:
            yield server.stdout.readline().split()[-1]
        finally:
            server.terminate()
