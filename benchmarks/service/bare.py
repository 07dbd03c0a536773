"""The bare view: one route of Flask that answers one profile, on the service's own settings of granian."""

import signal
import sys
from typing import TYPE_CHECKING

from flask import Flask, Response, jsonify

from benchmarks.service.population import FIRST, profile
from hosting.server import Server, listen

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


def create_app() -> Flask:
    """Return an application without anything but the view."""
    app = Flask(__name__)
    answer = profile(FIRST)

    @app.get("/internal/personalization/profile/<actor_id>")
    def get_profile(actor_id: str) -> Response:  # noqa: ARG001 - every actor gets the same
        return jsonify(answer)

    return app


class _Loader:
    """What granian calls in its worker; it is handed over as an object, as the service's own is."""

    def __call__(self) -> "WSGIApplication":
        # `Server` starts its worker with these blocked; until they are not, a stop waits for its time limit.
        signal.pthread_sigmask(signal.SIG_UNBLOCK, (signal.SIGTERM, signal.SIGINT))
        return create_app()


def main() -> None:
    """Serve on a free port, and say on which."""
    listener = listen("127.0.0.1", 0)
    sys.stdout.write(f"listening on http://127.0.0.1:{listener.getsockname()[1]}\n")
    sys.stdout.flush()
    Server("bare view", listener).serve(target_loader=_Loader(), wrap_loader=False)


if __name__ == "__main__":
    main()
