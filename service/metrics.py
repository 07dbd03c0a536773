"""What the service counts and times, for Prometheus.

Labels name operations of the contract, statuses and error codes; no label's value comes from a caller.
"""

import math
from collections.abc import Callable
from http.server import HTTPServer

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
    start_http_server,
)

import service
from service.request_metrics import RequestMetrics
from service.storage import Store, StoreUnavailableError

CONTENT_TYPE = CONTENT_TYPE_LATEST

_COMMIT_SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0)
_BATCH_SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256)


class Metrics:
    """The metrics of one process, in a registry of their own.

    Attributes:
        requests: those of requests.

    """

    def __init__(self) -> None:
        self._registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        PlatformCollector(registry=registry)
        info = Gauge(
            "personalization_info", "The version that runs; the value is always 1.", ["version"], registry=registry
        )
        info.labels(service.__version__).set(1)
        self.requests = RequestMetrics()
        registry.register(self.requests)
        self._refusals = Counter(
            "personalization_refusals", "Requests refused, by the code of the error.", ["code"], registry=registry
        )
        self._batch_size = Histogram(
            "personalization_store_batch_size",
            "Writes that were committed together.",
            buckets=_BATCH_SIZES,
            registry=registry,
        )
        self._commit_seconds = Histogram(
            "personalization_store_commit_seconds",
            "Time of a batch of writes, until it was on the disk.",
            buckets=_COMMIT_SECONDS,
            registry=registry,
        )

    def observe_refusal(self, code: str) -> None:
        """Count a request that was refused with one of the contract's error codes."""
        self._refusals.labels(code).inc()

    def observe_batch(self, size: int, seconds: float) -> None:
        """Count writes that were committed together, and how long that took."""
        self._batch_size.observe(size)
        self._commit_seconds.observe(seconds)

    def watch(self, store: Store) -> None:
        """Have what a store says of itself among the metrics, looked up whenever they are read."""
        self._gauge(
            "personalization_store_wal_pages", "Pages in the write-ahead log at the last commit.", store.log_pages
        )
        self._gauge(
            "personalization_store_sweeper_backlog",
            "Items that have expired and work that is due, not yet swept.",
            store.backlog,
        )

    def _gauge(self, name: str, meaning: str, value: Callable[[], int]) -> None:
        def known() -> float:
            try:
                return value()
            except StoreUnavailableError:
                return math.nan

        Gauge(name, meaning, registry=self._registry).set_function(known)

    def names(self) -> list[str]:
        """Return the name of every metric."""
        return [family.name for family in self._registry.collect()]

    def exposition(self) -> bytes:
        """Return all metrics as CONTENT_TYPE says."""
        return generate_latest(self._registry)

    def listen(self, host: str, port: int) -> HTTPServer:
        """Serve the metrics, to whoever asks, on a listener of their own.

        Raises:
            OSError: the address cannot be had.

        """
        server, _thread = start_http_server(port, host, self._registry)
        return server
