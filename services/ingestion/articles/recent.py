"""Articles as this process saved them a moment ago: the next save of the same text needs no read."""

from collections import OrderedDict
from collections.abc import Callable
from time import monotonic

from services.ingestion.articles.rules import Article

MOST = 64
# A larger text is read again: memory matters more than its save.
LONGEST_BODY = 50_000
# Only a database that was restored from a backup can have another article under the same id and version.
KEPT_FOR_S = 60.0


class RecentArticles:
    """The articles saved last, by id. A version names one state for ever, so an entry is never wrong, only old."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._articles: OrderedDict[str, tuple[Article, float]] = OrderedDict()

    def put(self, article: Article) -> None:
        """Keep an article whose commit is certain, in place of an older version."""
        self._articles.pop(article.id, None)
        if len(article.working.body_markdown) <= LONGEST_BODY:
            self._articles[article.id] = (article, self._clock())
            if len(self._articles) > MOST:
                self._articles.popitem(last=False)

    def find(self, article_id: str, has_version: Callable[[int], bool]) -> Article | None:
        """The article, if its version passes; None when it must be read."""
        kept = self._articles.get(article_id)
        if kept is None or self._clock() - kept[1] > KEPT_FOR_S or not has_version(kept[0].version):
            return None
        return kept[0]
