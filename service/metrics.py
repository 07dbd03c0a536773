"""What the service counts and times, for Prometheus.

Labels name operations of the contract, statuses and error codes; no label's value comes from a caller.
"""

from prometheus_client import Counter, Histogram

import hosting.metrics
import service
from service.storage import Store, StoreUnavailableError

_COMMIT_SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0)
_BATCH_SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256)


class Metrics(hosting.metrics.Metrics):
    """The metrics of one process of the service."""

    def __init__(self) -> None:
        super().__init__("personalization", service.__version__)
        self._refusals = Counter(
            "personalization_refusals", "Requests refused, by the code of the error.", ["code"], registry=self.registry
        )
        self._batch_size = Histogram(
            "personalization_store_batch_size",
            "Writes that were committed together.",
            buckets=_BATCH_SIZES,
            registry=self.registry,
        )
        self._commit_seconds = Histogram(
            "personalization_store_commit_seconds",
            "Time of a batch of writes, until it was on the disk.",
            buckets=_COMMIT_SECONDS,
            registry=self.registry,
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
        self.gauge(
            "personalization_store_wal_pages",
            "Pages in the write-ahead log at the last commit.",
            store.log_pages,
            StoreUnavailableError,
        )
        self.gauge(
            "personalization_store_sweeper_backlog",
            "Items that have expired and work that is due, not yet swept.",
            store.backlog,
            StoreUnavailableError,
        )
