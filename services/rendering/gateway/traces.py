"""When a change of an article became visible at this gateway: for the desk, which shows an editor the way of a story."""

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime

from services.rendering.readmodel.names import article_id_of
from shared.events import DocumentChanged

# About 300 bytes each. An editor looks at a story seconds after its publication.
MOST_TRACES = 5_000


@dataclass(frozen=True, slots=True)
class Trace:
    """A version of an article's document: when the projector wrote it, and when this gateway stopped to show an older one."""

    version: int
    projected_at: datetime
    visible_at: datetime


class Traces:
    """The newest change of each of the last articles that `pages.v1` announced. Bounded; the longest unchanged go first."""

    def __init__(self) -> None:
        self._traces: OrderedDict[str, Trace] = OrderedDict()

    def note(self, change: DocumentChanged, moment: datetime) -> None:
        """Note an announcement that the cache has applied at `moment`. The first one of a version counts."""
        article_id = article_id_of(change.dependency)
        if article_id is None:
            return
        known = self._traces.get(article_id)
        if known is not None and known.version >= change.version:
            return
        self._traces[article_id] = Trace(change.version, change.projected_at, moment)
        self._traces.move_to_end(article_id)
        if len(self._traces) > MOST_TRACES:
            self._traces.popitem(last=False)

    def find(self, article_id: str, version: int) -> Trace | None:
        """The trace of the article's document, if this version or a newer one was announced."""
        trace = self._traces.get(article_id)
        return trace if trace is not None and trace.version >= version else None

    def clear(self) -> None:
        """Forget everything: versions of another read model do not compare."""
        self._traces.clear()
