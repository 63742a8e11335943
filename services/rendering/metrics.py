"""Rendering's own metrics, gateway and projector; those that all services have are in `shared/process/metrics.py`."""

from prometheus_client import Counter, Gauge, Histogram

RENDER_SECONDS = Histogram(
    "wm_rendering_render_seconds",
    "Time to make a page from the read model",
    buckets=(0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5),
)
RENDER_WAIT_SECONDS = Histogram(
    "wm_rendering_wait_seconds",
    "Time that a render waited for its turn",
    buckets=(0.001, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5),
)
RENDERS_OUTDATED = Counter("wm_rendering_outdated_total", "Renders begun anew since their data had moved meanwhile")
RENDERED_AHEAD = Counter("wm_rendering_ahead_total", "Pages rendered as soon as something in them had moved, unasked")
CACHE_MISSES = Counter(
    "wm_rendering_cache_misses_total",
    "Answers that were not ready: with wm_http_requests_total, the share of those that were",
)
CACHE_DROPPED = Counter("wm_rendering_cache_dropped_total", "Cached pages dropped since something in them moved")
CACHE_FLUSHED = Counter("wm_rendering_cache_flushed_total", "Times the whole cache was forgotten: the log was lost")
UNREADABLE = Counter(
    "wm_rendering_unreadable_total", "Records of pages.v1 and rankings.v1 that a gateway could not read"
)
CACHE_BYTES = Gauge("wm_rendering_cache_bytes", "What the page cache holds")
CACHE_PAGES = Gauge("wm_rendering_cache_pages", "How many pages and absences the cache holds")
COMPOSED = Counter("wm_rendering_composed_total", "Pages put together and compressed", ["encoding"])
LIVE_READERS = Gauge("wm_rendering_live_readers", "Readers who listen to /v1/live now")
LIVE_TOLD = Counter("wm_rendering_live_told_total", "Events told to live readers, each once for all of them", ["kind"])
LIVE_REFUSED = Counter("wm_rendering_live_refused_total", "Live readers turned away since there was no room")
LIVE_DROPPED = Counter("wm_rendering_live_dropped_total", "Live readers let go who did not read on", ["reason"])
LOG_SILENT_SECONDS = Gauge("wm_rendering_log_silent_seconds", "How long ago the log was last heard")
VISIBLE_SECONDS = Histogram(
    "wm_rendering_visible_seconds",
    "Time from the commit of a change to this gateway knowing of it",
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60),
)
HUB_PINGS = Counter(
    "wm_rendering_hub_pings_total", "Feeds of which the WebSub hub was told, or was not to be", ["outcome"]
)
PROJECTED_SECONDS = Histogram(
    "wm_rendering_projected_seconds",
    "Time from the commit of a change to its announcement by the projector",
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60),
)
