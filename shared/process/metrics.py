"""Metrics common to all services. Each service has its own in its `metrics.py`."""

from prometheus_client import Counter, Gauge, Histogram

REQUESTS = Counter("wm_http_requests_total", "HTTP requests answered", ["method", "route", "status"])
REQUEST_SECONDS = Histogram(
    "wm_http_request_seconds",
    "Seconds from a request's head to the end of its answer",
    ["method", "route"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
)
REFUSALS = Counter("wm_http_refusals_total", "Requests refused with 401, 403 or 429", ["route", "status"])
RECORDS = Counter("wm_kafka_records_total", "Records applied from Kafka", ["topic"])
LAG = Gauge("wm_kafka_lag_records", "Records in the log that are not applied yet", ["topic", "partition"])
EVENT_AGE = Gauge("wm_kafka_event_age_seconds", "Age of the newest record when it was applied", ["topic"])
OFFSET_GAPS = Counter("wm_kafka_offset_gaps_total", "Fetches with missing offsets that were repeated")
DEAD_LETTERS = Counter("wm_kafka_dead_letters_total", "Records sent to a dead-letter topic", ["topic"])
REBALANCES = Counter(
    "wm_kafka_rebalances_total", "Times that Kafka assigned partitions to this process or revoked them"
)
OUTBOX_PENDING = Gauge("wm_outbox_pending_rows", "Committed events that Kafka does not have yet")
OUTBOX_OLDEST = Gauge("wm_outbox_oldest_seconds", "Age of the oldest committed event that Kafka does not have yet")
OUTBOX_SENT = Counter("wm_outbox_sent_total", "Events that the relay sent to Kafka")
REDIS_USED = Gauge("wm_redis_used_bytes", "Memory that Redis uses")
REDIS_SHARE = Gauge("wm_redis_memory_share", "Memory that Redis uses, as a share of its maxmemory")
