"""Metrics of media-worker."""

from prometheus_client import Counter, Gauge, Histogram

CHECKS = Counter("wm_media_checks_total", "Uploads checked, by outcome", ["outcome"])
CHECK_SECONDS = Histogram(
    "wm_media_check_seconds",
    "Time to check an upload and to write its original",
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60),
)
VARIANTS_MADE = Counter("wm_media_variants_made_total", "Files of pictures made, by format", ["format"])
VARIANTS_SECONDS = Histogram(
    "wm_media_variants_seconds",
    "Time to make all missing variants of a picture",
    buckets=(0.5, 1, 2.5, 5, 10, 30, 60, 120),
)
VARIANTS_REFUSED = Counter(
    "wm_media_variants_refused_total", "Pictures whose variants could not be made in three tries"
)
WAITING = Gauge("wm_media_waiting_pictures", "Pictures whose variants wait to be made")
DECODER_DEATHS = Counter("wm_media_decoder_deaths_total", "Decode children that died in a job, by reason", ["reason"])
