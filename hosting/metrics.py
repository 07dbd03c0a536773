"""What an application counts and times, for Prometheus."""

import math
from collections.abc import Callable
from http.server import HTTPServer

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Gauge,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
    start_http_server,
)

from hosting.request_metrics import RequestMetrics

CONTENT_TYPE = CONTENT_TYPE_LATEST


class Metrics:
    """The metrics of one process, in a registry of their own.

    Args:
        name: what the names of the application's own metrics begin with.
        version: of the application.

    Attributes:
        registry: where they are.
        requests: those of requests.

    """

    def __init__(self, name: str, version: str) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        info = Gauge(
            f"{name}_info", "The version that runs; the value is always 1.", ["version"], registry=self.registry
        )
        info.labels(version).set(1)
        self.requests = RequestMetrics(name)
        self.registry.register(self.requests)

    def gauge(self, name: str, meaning: str, value: Callable[[], int], unknown: type[Exception]) -> None:
        """Have a number among the metrics that is looked up whenever they are read; NaN where `unknown` is raised."""

        def known() -> float:
            try:
                return value()
            except unknown:
                return math.nan

        Gauge(name, meaning, registry=self.registry).set_function(known)

    def names(self) -> list[str]:
        """Return the name of every metric."""
        return [family.name for family in self.registry.collect()]

    def exposition(self) -> bytes:
        """Return all metrics as CONTENT_TYPE says."""
        return generate_latest(self.registry)

    def listen(self, host: str, port: int) -> HTTPServer:
        """Serve the metrics, to whoever asks, on a listener of their own.

        Raises:
            OSError: the address cannot be had.

        """
        server, _thread = start_http_server(port, host, self.registry)
        return server
