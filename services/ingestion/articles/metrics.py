"""The metrics of articles."""

from prometheus_client import Counter, Gauge, Histogram

SCHEDULED_OVERDUE = Gauge(
    "wm_ingestion_scheduled_overdue", "Scheduled articles that are not published two seconds after their time"
)
SCHEDULED_LATE = Histogram(
    "wm_ingestion_scheduled_late_seconds",
    "Seconds from the time of a scheduled publication to its commit",
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2, 5, 15, 60, 600, 3600),
)
PICTURES_REPUBLISHED = Counter(
    "wm_ingestion_pictures_republished_total", "Articles that were sent again because a picture in them was changed"
)
SCHEDULED_RACES = Counter(
    "wm_ingestion_scheduled_races_total",
    "Attempts at a scheduled publication that lost against another change of the article",
)
