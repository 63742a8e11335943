"""Adjustments reach the log of views and the audit, whichever of them fails first. MongoDB is real; the log and the audit fail."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest

from services.popularity.numbers.adjusting import Adjusting
from services.popularity.numbers.adjustment_store import AdjustmentRow, AdjustmentStore
from shared.errors import Unavailable
from shared.events import Message
from shared.http.token_checker import TokenOwner
from shared.mongo.client import Mongo

AT = datetime(2026, 11, 28, 12, tzinfo=UTC)


@dataclass
class Log:
    """A log of views that can be away, or silent."""

    is_away: bool = False
    is_silent: bool = False
    sent: list[str] = field(default_factory=list)

    async def send(self, *messages: Message) -> None:
        """Take messages."""
        if self.is_away:
            raise Unavailable("no broker")
        if self.is_silent:
            await asyncio.Event().wait()
        self.sent += [dict(message.headers)["ce_id"].decode() for message in messages]


@dataclass
class Notes:
    """An audit that refuses some adjustments."""

    refused: set[UUID] = field(default_factory=set)
    noted: list[UUID] = field(default_factory=list)

    async def note(self, row: AdjustmentRow) -> None:
        """Take an adjustment."""
        if row.id in self.refused:
            raise Unavailable("status 422")
        self.noted.append(row.id)


@dataclass
class World:
    """Adjusting with its surroundings."""

    log: Log
    notes: Notes
    adjusting: Adjusting
    store: AdjustmentStore


@pytest.fixture
async def world(mongo_url: str, mongo_database: str) -> AsyncIterator[World]:
    mongo = Mongo(mongo_url)
    store, log, notes = AdjustmentStore(mongo.database(mongo_database)), Log(), Notes()
    yield World(log, notes, Adjusting(store, log, notes, at_once_s=60.0), store)
    mongo.close()


def _row() -> AdjustmentRow:
    maker = TokenOwner(id="01", name="Ann", role="admin")
    return AdjustmentRow(uuid4(), "article", ("s:world",), -5, AT, "bots", maker, "", AT, "print")


async def test_repeated_request_sends_nothing_again(world: World) -> None:
    row = replace(_row(), key="request")
    first = await world.adjusting.adjust(row)
    again = await world.adjusting.adjust(replace(row, id=uuid4(), at=datetime(2026, 11, 29, tzinfo=UTC)))

    assert first.shown() == again.shown()
    assert (world.log.sent, world.notes.noted) == ([str(row.id)], [row.id])


async def test_adjustment_is_answered_while_the_log_is_silent_and_sent_later(world: World) -> None:
    row = _row()
    world.log.is_silent = True
    impatient = Adjusting(world.store, world.log, world.notes, at_once_s=0.1)
    assert await impatient.adjust(row) == row
    world.log.is_silent = False

    await world.adjusting.finish_open()

    assert (world.log.sent, world.notes.noted) == ([str(row.id)], [row.id])


async def test_adjustment_that_the_audit_refuses_is_sent_once_and_holds_up_no_other(world: World) -> None:
    refused, other = _row(), _row()
    world.notes.refused.add(refused.id)
    await world.adjusting.adjust(refused)
    world.log.is_away = True
    assert await world.adjusting.adjust(other) == other
    assert [row.id for row in await world.store.open() if not row.is_sent] == [other.id]
    world.log.is_away = False

    for _ in range(2):
        await world.adjusting.finish_open()

    assert sorted(world.log.sent) == sorted([str(refused.id), str(other.id)])
    assert world.notes.noted == [other.id]
    assert [row.id for row in await world.store.open()] == [refused.id]
