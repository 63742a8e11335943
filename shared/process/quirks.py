"""Private parts of prometheus-client that the platform relies on: its public interface observes one value at a time.

`tests/unit/shared/test_quirks_prometheus.py` fails when one changes.
"""

from collections.abc import Sequence

from prometheus_client import Histogram


def bucket_bounds(histogram: Histogram) -> Sequence[float]:
    """Upper bounds of the buckets, ascending; the last is infinite."""
    bounds: Sequence[float] = histogram._upper_bounds
    return bounds


def add_observations(histogram: Histogram, counts: Sequence[int], total: float) -> None:
    """Add many observations at once: how many fell into each bucket, and their sum."""
    for bucket, count in zip(histogram._buckets, counts, strict=True):
        bucket.inc(count)
    histogram._sum.inc(total)
