"""The metrics of popularity."""

from prometheus_client import Counter, Gauge, Histogram

VIEWS_ACCEPTED = Counter("wm_views_accepted_total", "Views acknowledged by Kafka and answered 202")
VIEWS_REFUSED = Counter("wm_views_refused_total", "Views that were not accepted", ["reason"])
VIEWS_DROPPED = Counter("wm_views_dropped_total", "Acknowledged views that do not count, by the reason", ["reason"])
VIEWS_UNCLAIMED = Counter(
    "wm_views_unclaimed_total", "Views that count because Redis could not tell whether they repeat"
)
VIEWS_WAITING = Gauge("wm_views_waiting", "Views that wait for Kafka's acknowledgement")
BATCH_VIEWS = Histogram("wm_views_batch_size", "Views sent to Kafka at once", buckets=(1, 4, 16, 64, 256, 1024))
VIEWS_COUNTED = Counter("wm_views_counted_total", "Views counted")
VIEWS_REPEATED = Counter("wm_views_repeated_total", "Views whose event id was counted before")
CHUNKS_APPLIED = Counter("wm_views_chunks_total", "Chunks of records by the status of apply_views", ["status"])
VIEWS_LOST = Counter("wm_views_lost_total", "Views that the log dropped before they were counted (retention)")
LOGS_ADOPTED = Counter("wm_views_logs_adopted_total", "Times that a partition adopted another log")
LOG_REFUSED = Gauge("wm_views_log_refused", "1 while an unknown log waits for the operator's adopt-log")
RANKINGS_PUBLISHED = Counter("wm_rankings_published_total", "Rankings sent to rankings.v1")
RANKINGS_UNREADABLE = Counter("wm_rankings_unreadable_total", "Records of rankings.v1 that the api could not read")
RANKINGS_AGE = Gauge("wm_rankings_age_seconds", "Seconds since rankings.v1 was last confirmed as current")
RANKING_SECONDS = Histogram("wm_ranking_seconds", "Time to compute and publish changed rankings")
DAYS_LIVE = Gauge("wm_days_live", "Days whose numbers are in Redis, wholly or in part; set by the counter that ranks")
DAYS_ROLLED_UP = Counter("wm_days_rolled_up_total", "Parts of days (one partition each) moved from Redis to MongoDB")
