"""`tama serve`."""

from __future__ import annotations

import argparse

from hosting.outcome import FailedError, UnusableError
from tama.commands.opening import add_store_option, opened_store, store_address

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from _typeshed.wsgi import WSGIApplication

    from tama.control_plane import ControlPlane
    from tama.control_plane.networks import Networks
    from tama.control_plane.web import Observer

_DESCRIPTION = """\
Serve a control plane over HTTP, until a signal ends it. It prints one line when it listens, and logs
in JSON on the standard error. Who may use it are its clients: `tama clients add` makes one."""

_ADDRESS = "127.0.0.1:8090"
_LIFETIME_S = 3_600


def add(commands: Any) -> None:
    """Declare the command."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "serve", help="serve a control plane over HTTP", description=_DESCRIPTION
    )
    add_store_option(parser)
    parser.add_argument(
        "--listen",
        metavar="HOST:PORT",
        default=_ADDRESS,
        help=f"the address, {_ADDRESS} by default; port 0 is any free one",
    )
    parser.add_argument(
        "--metrics-listen",
        metavar="HOST:PORT",
        help="an address on which the metrics are served to whoever asks; without it they are at /metrics, for a client"
        " with the scope metrics.read",
    )
    parser.add_argument(
        "--token-lifetime",
        metavar="SECONDS",
        type=_lifetime,
        default=_LIFETIME_S,
        help=f"how long an access token is good, at most {_LIFETIME_S}, which is the default",
    )
    parser.add_argument(
        "--seed",
        nargs="?",
        const="minimal",
        choices=("minimal", "full"),
        help="make what is missing: `minimal` the space `global` and its class `class-proxy`, `full` all that the"
        " global module declares",
    )
    parser.add_argument(
        "--allow-network",
        metavar="NETWORK",
        action="append",
        help="let requests to endpoints go to addresses that are not public, e.g. 127.0.0.0/8 or fd00::/8; may be"
        " repeated; by default the value of TAMA_ALLOW_NETWORKS, divided by commas",
    )
    parser.add_argument(
        "--no-pages",
        dest="pages",
        action="store_false",
        help="serve the API alone, without the pages for people in a browser",
    )
    parser.set_defaults(command=run)


def run(options: argparse.Namespace) -> None:
    """Serve."""
    import logging.config  # noqa: PLC0415 - help needs none
    import os  # noqa: PLC0415 - as above

    from hosting import server  # noqa: PLC0415 - granian comes with it
    from hosting.logs import LOGGING  # noqa: PLC0415 - as above
    from tama.control_plane.networks import Networks  # noqa: PLC0415 - as above

    host, port = _address(options.listen)
    metrics_address = _address(options.metrics_listen) if options.metrics_listen else None
    given = options.allow_network or os.environ.get("TAMA_ALLOW_NETWORKS", "").split(",")
    try:
        networks = Networks(network.strip() for network in given if network.strip())
    except ValueError as error:
        raise UnusableError(f"A network that is to be allowed is none: {error}.") from None
    os.umask(0o077)
    # The worker has no environment to read it from. What cannot be opened is said here, in a sentence, and not by it.
    options.store = store_address(options.store)
    opened_store(options.store).close()
    logging.config.dictConfig(LOGGING)
    try:
        listener = server.listen(host, port)
    except server.CannotServeError as error:
        raise FailedError(str(error)) from None
    server.serve("tama", listener, _Worker(options, networks, metrics_address, server.url(host, listener)))


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not port.isascii() or not port.isdigit() or int(port) > 65_535:  # noqa: PLR2004 - TCP's
        raise UnusableError(f"'{text}' is no address; write HOST:PORT, e.g. {_ADDRESS}.")
    return host.strip("[]"), int(port)


def _lifetime(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= _LIFETIME_S:
        raise argparse.ArgumentTypeError(f"'{text}' is no number of seconds from 1 to {_LIFETIME_S}")
    return int(text)


class _Worker:
    """What the worker process loads, and lets go of at its end."""

    def __init__(
        self, options: argparse.Namespace, networks: Networks, metrics_address: tuple[str, int] | None, url: str
    ) -> None:
        self._options = options
        self._networks = networks
        self._metrics_address = metrics_address
        self._url = url
        self._plane: ControlPlane | None = None
        self._observer: Observer | None = None

    def __call__(self) -> WSGIApplication:
        """Open the store, build the application, and say that it is served."""
        from hosting import server  # noqa: PLC0415 - as above
        from hosting.printing import print_text  # noqa: PLC0415 - as above
        from tama.control_plane.seed import seed  # noqa: PLC0415 - as above
        from tama.control_plane.web import Observer, create_app  # noqa: PLC0415 - Flask comes with it

        options = self._options
        self._plane = opened_store(options.store, networks=self._networks)
        if options.seed:
            seed(self._plane, full=options.seed == "full")
        self._plane.start_worker()
        self._observer = Observer()
        if self._metrics_address is not None:
            server.listen_for_metrics("tama", self._observer.metrics, self._metrics_address)
        app = create_app(
            self._plane,
            self._observer,
            metrics_route=self._metrics_address is None,
            pages=options.pages,
            token_lifetime_s=options.token_lifetime,
        )
        print_text(f"listening on {self._url}")
        return app

    def close(self) -> None:
        """Record what was answered last, and close the store."""
        if self._observer is not None:
            self._observer.flush()
        if self._plane is not None:
            self._plane.close()
