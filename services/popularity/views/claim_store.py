"""Claims of views in Redis: which visitors and networks viewed an article lately, `popularity:{v}:seen:<slot>[.<turn>]`.

A field is a keyed hash of visitor or network with the article, so a claim names nobody once the day's key is destroyed. An entry
costs 80 bytes at most and a view three entries, so all claims at most 60 MB: 50,000 counted views in each of five hashes. Above
110 counted views a second (in half an hour) the time in which views repeat is shorter.
"""

from collections.abc import Sequence
from pathlib import Path

from redis.asyncio import Redis

from shared.redis import available

MOST_HASHES = 5
MOST_ENTRIES = 150_000
# A wider network (256 addresses, or 65,536 networks of IPv6) may have so many times the views of one network.
WIDER = 5
CLAIM_BYTES = 48
# A retry comes within seconds. The counter knows an event's id for 45 minutes at least (`model/rules.py`), and a claim may live
# for twelve hours: a later view with the id would count again.
SAME_WITHIN_S = 600
_KEY = "popularity:{v}:seen"

# Of a view's claim: claimed now, or lately by the same event; both count. A repeat, or a crowd; both do not.
CLAIMED, SAME, REPEAT, CROWD = b"NSRC"


class ClaimStore:
    """The claims. Every method raises Unavailable when Redis does not answer, and may then be repeated."""

    def __init__(self, redis: Redis, repeat_s: int, most_of_network: int, *, most_entries: int = MOST_ENTRIES) -> None:
        folder = Path(__file__)
        self._claim = redis.register_script(folder.with_name("claim_views.lua").read_text())
        self._release = redis.register_script(folder.with_name("release_views.lua").read_text())
        limits = (most_entries, most_of_network, WIDER * most_of_network)
        self._limits = (repeat_s, SAME_WITHIN_S, MOST_HASHES, *limits)

    async def claim(self, claims: Sequence[bytes], now_s: int) -> bytes:
        """Claim views of CLAIM_BYTES each, in their order: CLAIMED, SAME, REPEAT or CROWD for each of them."""
        async with available("claim_views"):
            found = await self._claim(keys=[_KEY], args=[now_s, *self._limits, b"".join(claims)])
        return bytes(found)

    async def release(self, claims: Sequence[bytes]) -> None:
        """Give back claims whose views were not sent."""
        async with available("release_views"):
            await self._release(keys=[_KEY], args=[b"".join(claims)])
