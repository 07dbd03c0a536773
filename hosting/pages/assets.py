"""Files that pages load: style sheets, scripts and pictures."""

import hashlib
from functools import cache
from pathlib import Path

from flask import Flask, Response, request
from werkzeug.exceptions import NotFound

_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml", ".txt": "text/plain"}
_DIGEST_LENGTH = 16


class Assets:
    """The files of a folder, each at a path that changes with its content, so that browsers may keep it for ever.

    A file is read when it is first asked for, and kept.

    Args:
        prefix: the path below which they are served, such as `/assets`.
        folder: where they lie.

    """

    def __init__(self, prefix: str, folder: Path) -> None:
        self._prefix = prefix
        self._folder = folder
        self._read = cache(self._read_once)

    def path(self, name: str) -> str:
        """Return the path of a file.

        Raises:
            FileNotFoundError: there is no file of this name.

        """
        return f"{self._prefix}/{self._read(name)[0]}/{name}"

    def serve(self, app: Flask) -> None:
        """Add the route to an application; it needs no credential."""
        endpoint = f"{self._prefix.strip('/')}.asset"
        app.add_url_rule(
            f"{self._prefix}/<digest>/<name>", endpoint, self._answer, methods=["GET"], provide_automatic_options=False
        )

    def _answer(self, digest: str, name: str) -> Response:
        names = {path.name for path in self._folder.iterdir() if path.suffix in _TYPES}
        if name not in names or digest != self._read(name)[0]:
            raise NotFound
        answer = Response(self._read(name)[1], mimetype=_TYPES[Path(name).suffix])
        answer.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        answer.headers["X-Content-Type-Options"] = "nosniff"
        answer.set_etag(digest)
        return answer.make_conditional(request)  # type: ignore[return-value] # it answers itself

    def _read_once(self, name: str) -> tuple[str, bytes]:
        content = (self._folder / name).read_bytes()
        return hashlib.sha256(content).hexdigest()[:_DIGEST_LENGTH], content
