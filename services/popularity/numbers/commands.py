"""`world-monitor rebuild rankings` and `world-monitor fsck rankings`."""

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from time import monotonic
from typing import Annotated

from cyclopts import Parameter

from services.popularity.model.store import Counts
from services.popularity.numbers.check import compare
from services.popularity.numbers.day_store import DayStore
from services.popularity.numbers.live_store import LiveStore
from services.popularity.numbers.rebuild import Rebuild
from services.popularity.numbers.rebuild_store import RebuildStore
from services.popularity.numbers.view_log import open_views
from services.popularity.settings import PopularitySettings
from shared import redis
from shared.mongo.client import Mongo
from shared.process.command_line import AsJson, print_json, print_progress
from shared.process.process import spare_the_collector
from shared.site.site import load_site

Force = Annotated[bool, Parameter(name="--force", negative="", help="also when articles lose views of all time")]


async def rebuild_rankings(*, force: Force = False) -> None:
    """Count all views again from roll-ups and the log, beside the live counts, and replace these at once when caught up.

    Views come in and are counted meanwhile. Nothing is changed when an article would lose views of all time. Interrupted,
    it begins anew when it is called again.
    """
    began = monotonic()
    spare_the_collector()
    async with opened(PopularitySettings.load()) as (rebuild, _):
        records = await rebuild.run(force=force)
    print(f"rankings rebuilt from roll-ups and {records} records of the log in {monotonic() - began:.1f} s")


async def fsck_rankings(*, as_json: AsJson = False) -> None:
    """Compare the counts in Redis with a recount from roll-ups and the log. Exit status 1 when an article differs."""
    spare_the_collector()
    async with opened(PopularitySettings.load()) as (rebuild, store):
        found = [difference async for difference in compare(rebuild, store)]
    if as_json:
        print_json([asdict(difference) for difference in found])
    else:
        print("\n".join(map(str, found)) or f"no difference; {rebuild.records} records of the log read")
    if found:
        sys.exit(1)


@asynccontextmanager
async def opened(settings: PopularitySettings) -> AsyncIterator[tuple[Rebuild, RebuildStore]]:
    """A rebuild with its engines, for the length of a block."""
    zone = load_site(settings.site).zone
    client, mongo = redis.connect(settings.redis), Mongo(settings.mongo)
    database = mongo.database(settings.popularity_database)
    live, days = LiveStore(client), DayStore(database)
    store = RebuildStore(client, Counts(zone, settings.trend_half_life_s / 60))
    try:
        async with store.alone(), open_views(settings.kafka, settings.kafka_hole_wait_ms) as log:
            yield Rebuild(live, days, store, log, zone, print_progress), store
    finally:
        await client.aclose()
        mongo.close()
