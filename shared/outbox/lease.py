"""The relay's lease: of a service's processes, its holder relays the outbox."""

from datetime import datetime, timedelta
from time import monotonic
from uuid import uuid4

from pymongo import ReturnDocument

from shared.mongo.collections import Collection, DuplicateKeyError, available
from shared.times import now

_RENEWALS = 4


class Lease:
    """One process's side of the lease, a document in `control`.

    The fence, a number, grows with each change of holder. We trust the lease by the monotonic clock for two thirds of its
    time; the server's copy runs by wall clocks, which may differ between hosts. All methods raise Unavailable.
    """

    def __init__(self, control: Collection, length: timedelta) -> None:
        self._control = control
        self._length = length
        self._owner = uuid4().hex
        self._fence: int | None = None
        self._trusted_until = self._renewed_at = 0.0
        self.is_predecessor_unsettled = False
        """Whether the holder before us may still have a send in hand: its lease ended, it did not release it."""
        self.renew_every_s = length.total_seconds() / _RENEWALS

    @property
    def fence(self) -> int | None:
        """Our fence, None while the lease is not certainly ours."""
        return self._fence if monotonic() < self._trusted_until else None

    async def take(self) -> bool:
        """Renew the lease, or take it when it has expired; whether it is ours now."""
        asked_at = monotonic()
        self._fence = await self._claim(now())
        self._renewed_at = asked_at
        self._trusted_until = asked_at + self._length.total_seconds() * 2 / 3
        return self._fence is not None

    async def renew_when_due(self) -> None:
        """Renew the lease after each quarter of its time."""
        if monotonic() - self._renewed_at >= self.renew_every_s:
            await self.take()

    async def confirm(self, fence: int) -> bool:
        """Ask the server whether we still hold the lease with this fence; forget the lease if not."""
        async with available("outbox fence"):
            found = await self._control.find_one({"_id": "lease"})
        is_held = found is not None and found["owner"] == self._owner and found["fence"] == fence
        if not is_held:
            self._fence = None
        return is_held

    async def release(self, *, is_settled: bool) -> None:
        """Let another process take the lease at once. `is_settled`: we have nothing in hand that may be sent later."""
        async with available("relay lease"):
            await self._control.update_one(
                {"_id": "lease", "owner": self._owner},
                {"$set": {"until": now() - self._length, "is_settled": is_settled}},
            )

    async def _claim(self, moment: datetime) -> int | None:
        ours = {"_id": "lease", "owner": self._owner}
        expired = {"_id": "lease", "until": {"$lt": moment}}
        held = {"until": moment + self._length, "owner": self._owner, "is_settled": False}
        async with available("relay lease"):
            found = await self._control.find_one_and_update(ours, {"$set": held}, return_document=ReturnDocument.AFTER)
            if found is not None:
                return int(found["fence"])
            before = await self._control.find_one_and_update(
                expired, {"$set": held, "$inc": {"fence": 1}}, return_document=ReturnDocument.BEFORE
            )
            if before is None and await self._control.find_one({"_id": "lease"}) is None:
                return await self._create(held | {"_id": "lease", "fence": 1})
        self.is_predecessor_unsettled = before is not None and not before.get("is_settled", False)
        return None if before is None else int(before["fence"]) + 1

    async def _create(self, lease: dict[str, object]) -> int | None:
        try:
            await self._control.insert_one(lease)
        except DuplicateKeyError:
            return None
        return 1
