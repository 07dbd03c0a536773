from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest

from hosting.request_metrics import BOUNDS_S, RequestMetrics

ANSWERED = [("get", "200", seconds) for bound in BOUNDS_S for seconds in (bound - 1e-6, bound, bound + 1e-6)] + [
    ("get", "404", 0.0),
    ("put", "201", 60.0),
]


def exposition_of(registry: CollectorRegistry) -> set[str]:
    lines = generate_latest(registry).decode().splitlines()
    return {line for line in lines if not line.startswith("#") and "_created" not in line}


def test_the_numbers_are_those_of_the_librarys_own_counter_and_histogram() -> None:
    ours, theirs = CollectorRegistry(), CollectorRegistry()
    metrics = RequestMetrics("app")
    ours.register(metrics)
    counter = Counter("app_requests", "-", ["operation", "status"], registry=theirs)
    timer = Histogram("app_request_seconds", "-", ["operation"], buckets=BOUNDS_S, registry=theirs)
    for operation, status, seconds in ANSWERED:
        metrics.observe([(operation, status, seconds)])
        counter.labels(operation, status).inc()
        timer.labels(operation).observe(seconds)
    assert exposition_of(ours) == exposition_of(theirs)


def test_a_batch_counts_as_its_requests_one_by_one() -> None:
    one_by_one, at_once = CollectorRegistry(), CollectorRegistry()
    first, second = RequestMetrics("app"), RequestMetrics("app")
    one_by_one.register(first)
    at_once.register(second)
    for each in ANSWERED:
        first.observe([each])
    second.observe(ANSWERED)
    assert exposition_of(one_by_one) == exposition_of(at_once)
