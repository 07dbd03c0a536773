"""The files of npm packages that are shipped with the project, each as its package holds it."""

from __future__ import annotations

from tools.environment import ROOT

FOLDER = "service/web/docs_page/swagger-ui"
_FILES = ("LICENSE", "NOTICE", "swagger-ui-bundle.js", "swagger-ui-bundle.js.LICENSE.txt", "swagger-ui.css")


def files() -> dict[str, str]:
    """Return the texts by their paths below the project's folder.

    Raises:
        FileNotFoundError: The package is not installed, or holds no such file.
    """
    package = ROOT / "node_modules" / "swagger-ui-dist"
    return {f"{FOLDER}/{name}": (package / name).read_text("utf-8") for name in _FILES}
