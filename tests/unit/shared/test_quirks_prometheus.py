"""Private parts of prometheus-client behave as `shared/process/quirks.py` expects."""

from prometheus_client import CollectorRegistry, Histogram

from shared.http.batched_metrics import BatchedMetrics
from shared.process import metrics
from shared.process.quirks import add_observations, bucket_bounds

Samples = list[tuple[str, str, float]]


def _samples(histogram: Histogram, route: str) -> Samples:
    samples = [sample for metric in histogram.collect() for sample in metric.samples]
    return [
        (sample.name, sample.labels.get("le", ""), sample.value)
        for sample in samples
        if sample.labels["route"] == route and not sample.name.endswith("_created")
    ]


def test_bucket_bounds_end_with_infinity() -> None:
    histogram = Histogram("sizes", "Sizes", ["route"], buckets=(1, 5), registry=CollectorRegistry())

    assert list(bucket_bounds(histogram.labels("/"))) == [1.0, 5.0, float("inf")]


def test_added_observations_equal_single_ones() -> None:
    histogram = Histogram("sizes", "Sizes", ["route"], buckets=(1, 5), registry=CollectorRegistry())
    for value in (0.5, 0.5, 3.0, 9.0):
        histogram.labels("/x").observe(value)

    add_observations(histogram.labels("/y"), [2, 1, 1], 13.0)

    assert _samples(histogram, "/y") == _samples(histogram, "/x")


def test_batched_metrics_equal_single_observations() -> None:
    took = [0.0, 0.001, 0.0011, 0.3, 99.0]
    batched = BatchedMetrics()
    for seconds in took:
        batched.add("GET", "/batched", 200, seconds)
        metrics.REQUEST_SECONDS.labels("GET", "/single").observe(seconds)

    batched.flush()
    batched.flush()

    assert _samples(metrics.REQUEST_SECONDS, "/batched") == _samples(metrics.REQUEST_SECONDS, "/single")
    requests = [sample for metric in metrics.REQUESTS.collect() for sample in metric.samples]
    assert [
        sample.value
        for sample in requests
        if sample.labels["route"] == "/batched" and not sample.name.endswith("_created")
    ] == [len(took)]
