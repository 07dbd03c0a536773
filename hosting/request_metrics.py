"""The metrics of requests, counted many at a time.

`prometheus_client`'s own counters and histograms take a lock, and search their buckets, for each single observation.
"""

import itertools
import threading
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator

from prometheus_client.metrics_core import CounterMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

BOUNDS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0)
"""The upper bounds of the histogram's buckets, in seconds; one more has no bound."""

_LES = (*map(floatToGoString, BOUNDS_S), "+Inf")


class RequestMetrics(Collector):
    """Counts requests by operation and status, and times them by operation.

    Args:
        name: what the names of the metrics begin with.

    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._lock = threading.Lock()
        self._counts: defaultdict[tuple[str, str], int] = defaultdict(int)
        self._buckets: defaultdict[str, list[int]] = defaultdict(lambda: [0] * len(_LES))
        self._seconds: defaultdict[str, float] = defaultdict(float)

    def observe(self, answered: Iterable[tuple[str, str, float]]) -> None:
        """Count requests, each an operation, the three digits of a status, and how many seconds it took."""
        with self._lock:
            for operation, status, seconds in answered:
                self._counts[operation, status] += 1
                self._buckets[operation][bisect_left(BOUNDS_S, seconds)] += 1
                self._seconds[operation] += seconds

    def collect(self) -> Iterator[Metric]:
        """See `Collector.collect`."""
        counter = CounterMetricFamily(f"{self._name}_requests", "Requests answered.", labels=["operation", "status"])
        timer = HistogramMetricFamily(
            f"{self._name}_request_seconds",
            "Time from a request's head to the head of its answer.",
            labels=["operation"],
        )
        with self._lock:
            for labels, count in self._counts.items():
                counter.add_metric(labels, count)
            for operation, buckets in self._buckets.items():
                timer.add_metric([operation], _cumulative(buckets), self._seconds[operation])
        yield counter
        yield timer


def _cumulative(buckets: Iterable[int]) -> list[tuple[str, float]]:
    """Return how many observations lie at or below each bound, as Prometheus has it."""
    return list(zip(_LES, itertools.accumulate(buckets), strict=True))
