"""The way of a publication to its readers: committed, sent, projected, visible. Asks the gateways, which know its end."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from pydantic import BaseModel

from shared.errors import Unavailable
from shared.http.instances import Answer, Instances
from shared.outbox.sent_times import SentTime
from shared.times import UtcDatetime

# An editor waits for the answer, and asks again soon.
_WAIT_S = 1.0
# Of many gateways, some answer for all.
_MOST_ASKED = 4


class RenderedVersion(BaseModel):
    """The newest version of an article at a gateway, with the times that it knows."""

    version: int
    projected_at: UtcDatetime | None
    visible_at: UtcDatetime | None


@dataclass(frozen=True)
class Steps:
    """When each step happened; None: not yet, or nobody knows."""

    committed_at: datetime
    sent_at: datetime | None
    projected_at: datetime | None
    visible_at: datetime | None


class Gateways:
    """Asks gateways where an article is. Without one that answers, nothing is known: never an error."""

    def __init__(self, urls: Sequence[str]) -> None:
        self._gateways = [Instances("gateway", (url,), _WAIT_S) for url in urls[:_MOST_ASKED]]

    async def ask(self, article_id: str) -> Sequence[RenderedVersion]:
        """The answers of the gateways that have the article."""
        answers = await asyncio.gather(*(_ask_one(gateway, article_id) for gateway in self._gateways))
        return [answer for answer in answers if answer is not None]

    async def close(self) -> None:
        """Close the connections."""
        for gateway in self._gateways:
            await gateway.close()


async def _ask_one(gateway: Instances, article_id: str) -> RenderedVersion | None:
    try:
        return await gateway.ask("GET", f"/internal/articles/{article_id}/trace", _read)
    except Unavailable:
        return None


def _read(answer: Answer) -> RenderedVersion | None:
    if answer.status == 404:
        return None
    return RenderedVersion.model_validate_json(answer.expect(200).body)


def steps_of(version: int, committed_at: datetime, sent: SentTime | None, rendered: Sequence[RenderedVersion]) -> Steps:
    """The steps of one version. It is visible when the last gateway that knows a time shows it.

    Kafka may deliver a record before its sender notes the acknowledgement: no step is later than the one behind it.
    """
    reached = [answer for answer in rendered if answer.version >= version]
    visible_at = max((answer.visible_at for answer in reached if answer.visible_at is not None), default=None)
    projected_at = min((answer.projected_at for answer in reached if answer.projected_at is not None), default=None)
    projected_at = _not_after(projected_at, visible_at)
    sent_at = _not_after(sent.at if sent is not None and sent.version >= version else None, projected_at)
    return Steps(min(committed_at, sent_at or committed_at), sent_at, projected_at, visible_at)


def _not_after(moment: datetime | None, following: datetime | None) -> datetime | None:
    return moment if moment is None or following is None else min(moment, following)
