"""Every metric that all services have, in one place; a service's own are in its `metrics.py`."""

from prometheus_client import Counter, Gauge, Histogram

REQUESTS = Counter("wm_http_requests_total", "HTTP requests answered", ["method", "route", "status"])
REQUEST_SECONDS = Histogram(
    "wm_http_request_seconds",
    "Time from a request's head to its answer's end",
    ["method", "route"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
)
RECORDS = Counter("wm_kafka_records_total", "Records applied from Kafka", ["topic"])
LAG = Gauge("wm_kafka_lag_records", "Records in the log that are not yet applied", ["topic", "partition"])
EVENT_AGE = Gauge("wm_kafka_event_age_seconds", "Age of the newest record at the time it was applied", ["topic"])
HOLES = Counter("wm_kafka_holes_total", "Times that records were missing in a fetch and asked for again")
DEAD_LETTERS = Counter("wm_kafka_dead_letters_total", "Records sent to a dead-letter topic", ["topic"])
REBALANCES = Counter("wm_kafka_rebalances_total", "Times that partitions were taken from or given to this process")
OUTBOX_PENDING = Gauge("wm_outbox_pending_rows", "Committed changes that Kafka does not have yet")
OUTBOX_OLDEST = Gauge("wm_outbox_oldest_seconds", "Age of the oldest committed change that Kafka does not have yet")
OUTBOX_SENT = Counter("wm_outbox_sent_total", "Changes that the relay sent to Kafka")
