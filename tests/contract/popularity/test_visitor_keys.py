"""Keys of visitors' names: one a day for all processes, gone after it, from Redis, its file and the processes."""

from contextlib import suppress
from pathlib import Path
from time import time
from zoneinfo import ZoneInfo

from services.popularity.views.day_keys import DayKeys
from services.popularity.views.rules import day_and_end
from services.popularity.views.visitor_key_store import VisitorKeyStore
from shared.errors import Unavailable
from shared.redis import connect
from tests.support.own_redis import running_redis
from tests.support.polling import eventually

ZONE = ZoneInfo("Asia/Kathmandu")
REPEAT_S = 1800
# In the future: Redis deletes by its own clock.
TODAY, MIDNIGHT = day_and_end(time() + 10 * 86_400, ZONE)


def _files_with(folder: Path, secret: bytes) -> list[str]:
    found = []
    for path in folder.rglob("*"):
        # A file of a rewrite may be gone by now.
        with suppress(FileNotFoundError, IsADirectoryError):
            if secret in path.read_bytes():
                found.append(path.name)
    return found


async def _refresh(keys: DayKeys, now_s: float) -> None:
    """Refresh as a process does: again while Redis rewrites its file, which it may do for its own reasons."""

    async def is_done() -> bool:
        try:
            await keys.refresh(now_s)
        except Unavailable:
            return False
        return True

    await eventually(is_done, what="the keys are up to date")


async def test_key_of_a_day_is_destroyed_after_the_time_of_a_repeat(tmp_path: Path) -> None:
    async with running_redis(tmp_path, "--appendonly", "yes") as url, connect(url) as redis:
        store = VisitorKeyStore(redis)
        keys, others = DayKeys(store, ZONE, REPEAT_S), DayKeys(store, ZONE, REPEAT_S)

        for process in (keys, others):
            await _refresh(process, MIDNIGHT - 3600)
        key = keys.at(MIDNIGHT - 3600).today
        shared = others.at(MIDNIGHT - 3600).today
        await _refresh(keys, MIDNIGHT - 30)
        first_second = keys.at(MIDNIGHT)
        await _refresh(keys, MIDNIGHT + 10)
        after_midnight = keys.at(MIDNIGHT + 10)
        assert key is not None
        files = _files_with(tmp_path, key)
        expires = await redis.expiretime(f"popularity:{{v}}:key:{TODAY}")

        late = keys.at(MIDNIGHT + REPEAT_S)
        for process in (keys, others):
            await _refresh(process, MIDNIGHT + REPEAT_S)

        async def is_nowhere() -> bool:
            return not _files_with(tmp_path, key)

        await eventually(is_nowhere, what="no file of Redis has the key")
        left = await redis.get(f"popularity:{{v}}:key:{TODAY}")
        next_key = keys.at(MIDNIGHT + REPEAT_S).today
        again = await store.destroy(TODAY)

        assert shared == key
        assert files, "the key was in the append-only file"
        assert (first_second.today, first_second.yesterday) == (after_midnight.today, key)
        assert after_midnight.today not in (None, key)
        assert after_midnight.yesterday == key
        assert late.yesterday is None
        assert expires <= MIDNIGHT + REPEAT_S + 300
        assert left is None
        assert key not in {*keys._held.values(), *others._held.values()}
        assert next_key is not None
        assert _files_with(tmp_path, next_key)
        assert not again, "the file is rewritten once"


async def test_processes_keep_the_key_of_the_day_when_redis_loses_it(redis_url: str) -> None:
    async with connect(f"{redis_url}/13") as redis:
        await redis.flushdb()
        keys = DayKeys(VisitorKeyStore(redis), ZONE, REPEAT_S)
        await _refresh(keys, MIDNIGHT - 3600)
        before = keys.at(MIDNIGHT - 3600)
        await redis.flushdb()

        await _refresh(keys, MIDNIGHT - 1800)
        other = DayKeys(VisitorKeyStore(redis), ZONE, REPEAT_S)
        await _refresh(other, MIDNIGHT - 1800)
        kept = await redis.get(f"popularity:{{v}}:key:{TODAY}")
        await redis.flushdb()

    assert keys.at(MIDNIGHT - 1800).today == other.at(MIDNIGHT - 1800).today == before.today == kept
