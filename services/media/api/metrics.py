"""Metrics of the process that takes and serves pictures."""

from prometheus_client import Counter, Gauge

ADDED = Counter(
    "wm_media_pictures_total", "Files that were sent and accepted: new pictures, and known ones", ["result"]
)
RECEIVED_BYTES = Counter("wm_media_received_bytes_total", "Bytes of files that were sent and stored")
FILES_SERVED = Counter(
    "wm_media_files_total", "Answers with a file, by kind: file, original in place of a variant, redirect", ["kind"]
)
LOST_ORIGINALS = Counter("wm_media_lost_originals_total", "Requests for an original that the store does not have")
UNANNOUNCED = Gauge("wm_media_unannounced_pictures", "Changes of pictures that ingestion does not know yet")
SWEPT = Counter("wm_media_swept_files_total", "Files that the sweeper deleted")
