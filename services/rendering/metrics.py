"""Metrics of the gateway and the projector. Metrics of all services are in `shared/process/metrics.py`."""

from prometheus_client import Counter, Gauge, Histogram

RENDER_SECONDS = Histogram(
    "wm_rendering_render_seconds",
    "Time to render a page from the read model",
    buckets=(0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5),
)
RENDER_WAIT_SECONDS = Histogram(
    "wm_rendering_wait_seconds",
    "Time that a render waited for its turn",
    buckets=(0.001, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5),
)
RENDERS_OUTDATED = Counter("wm_rendering_outdated_total", "Renders repeated because their data changed meanwhile")
RENDERED_AHEAD = Counter("wm_rendering_ahead_total", "Pages rendered on a change, before a request")
CACHE_MISSES = Counter(
    "wm_rendering_cache_misses_total",
    "Requests not answered from the cache; with wm_http_requests_total, the hit rate",
)
CACHE_DROPPED = Counter("wm_rendering_cache_dropped_total", "Cached pages dropped because a document changed")
CACHE_FLUSHED = Counter(
    "wm_rendering_cache_flushed_total", "Times the whole cache was emptied: the log was lost or replaced"
)
UNREADABLE = Counter(
    "wm_rendering_unreadable_total", "Records of pages.v1 and rankings.v1 that a gateway could not read"
)
CACHE_BYTES = Gauge("wm_rendering_cache_bytes", "Size of the page cache")
CACHE_PAGES = Gauge("wm_rendering_cache_pages", "Pages and absences in the page cache")
COMPOSED = Counter("wm_rendering_composed_total", "Pages composed and compressed", ["encoding"])
LIVE_READERS = Gauge("wm_rendering_live_readers", "Open connections to /v1/live")
LIVE_EVENTS = Counter(
    "wm_rendering_live_events_total", "Events sent to live readers, each counted once for all", ["kind"]
)
LIVE_REFUSED = Counter("wm_rendering_live_refused_total", "Connections to /v1/live refused at the limit")
LIVE_DROPPED = Counter(
    "wm_rendering_live_dropped_total", "Connections to /v1/live closed because the reader was too slow", ["reason"]
)
LOG_SILENT_SECONDS = Gauge("wm_rendering_log_silent_seconds", "Time since the last sign of life from the log")
VISIBLE_SECONDS = Histogram(
    "wm_rendering_visible_seconds",
    "Time from the commit of a change to its arrival at this gateway",
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60),
)
HUB_PINGS = Counter(
    "wm_rendering_hub_pings_total", "Feeds in pings to the WebSub hub: accepted or dropped", ["outcome"]
)
PROJECTED_SECONDS = Histogram(
    "wm_rendering_projected_seconds",
    "Time from the commit of a change to its announcement by the projector",
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60),
)
