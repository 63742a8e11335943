"""The metrics of search."""

from prometheus_client import Counter, Gauge, Histogram

_TIMES = (0.001, 0.0025, 0.005, 0.01, 0.015, 0.025, 0.05, 0.1, 0.25, 1.0)

SEARCH_SECONDS = Histogram("wm_search_seconds", "Time of a search in its thread", buckets=_TIMES)
SEARCHES = Counter("wm_searches_total", "Searches answered", ["found"])
REFUSED = Counter("wm_searches_refused_total", "Searches refused: too many waited, or no answer in time")
INDEXED = Counter("wm_search_indexed_total", "States of articles added to the index")
OUTDATED = Counter("wm_search_outdated_total", "States of articles skipped: the index had them or newer ones")
UNREADABLE = Counter("wm_search_unreadable_total", "Records of articles.v1 that could not be read")
COMMIT_SECONDS = Histogram("wm_search_commit_seconds", "Time of a commit until searches see it")
VISIBLE_SECONDS = Histogram("wm_search_visible_seconds", "From an article's change until searches see it")
ARTICLES = Gauge("wm_search_documents", "Documents in the index, with the markers of withdrawn articles")
