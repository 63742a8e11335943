"""The queue of pictures whose variants wait: fields of the documents in `pictures`, which the api creates.

A claim is a time in `claimed_until`. It ends at that time if its worker dies; its value, unique in practice, proves whose it is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.media.store import Store
from shared.mongo.collections import Collection, Document, available
from shared.pictures import PictureFacts

# Renewed four times in it. So long does a picture wait whose worker died.
CLAIM = timedelta(seconds=40)
MOST_TRIES = 3


@dataclass
class ClaimedPicture:
    """A picture that this worker makes variants of. `tries`: how often it failed before. `until` moves with renewals."""

    id: str
    facts: PictureFacts
    creator: str
    credit: str
    copyright: str
    tries: int
    until: datetime


class VariantQueue:
    """Claims on waiting pictures. Every method raises Unavailable."""

    def __init__(self, store: Store) -> None:
        self._pictures: Collection = store.pictures.collection
        self.waiting = 0
        """The number of pictures that waited at the last claim, those of other workers among them."""

    async def claim(self, at: datetime) -> ClaimedPicture | None:
        """Claim the oldest picture that waits and that no other worker holds; None when there is none."""
        found = await self._waiting()
        self.waiting = len(found)
        for waiting in found:
            held_until = waiting.get("claimed_until")
            if (held_until is None or held_until < at) and (claimed := await self._take(waiting, at)):
                return claimed
        return None

    async def _waiting(self) -> Sequence[Document]:
        # The embedded engine reads the whole collection for a sort or a limit, and an index for this.
        async with available("waiting pictures"):
            found = await self._pictures.find(
                {"variants": "waiting"}, {"claimed_until": True, "deleted_at": True}
            ).to_list(None)
        return sorted((one for one in found if one.get("deleted_at") is None), key=lambda one: str(one["_id"]))

    async def _take(self, waiting: Document, at: datetime) -> ClaimedPicture | None:
        as_read = {"_id": waiting["_id"], "variants": "waiting", "claimed_until": waiting.get("claimed_until")}
        until = at + CLAIM
        async with available("claim of a picture"):
            found = await self._pictures.find_one_and_update(as_read, {"$set": {"claimed_until": until}})
        return None if found is None else _claimed(found, until)

    async def renew(self, claimed: ClaimedPicture, at: datetime) -> bool:
        """Hold the claim for CLAIM from now on. False when it is lost: changed facts, a deletion, or another worker."""
        until = at + CLAIM
        is_ours = await self._change(claimed, {"claimed_until": until})
        if is_ours:
            claimed.until = until
        return is_ours

    async def finish(self, claimed: ClaimedPicture) -> bool:
        """All variants are made. False when the claim is lost."""
        return await self._change(claimed, {"variants": "done", "tries": 0, "claimed_until": None})

    async def fail(self, claimed: ClaimedPicture) -> bool:
        """Count a failed try; after MOST_TRIES the picture is refused. Returns whether it is."""
        is_last = claimed.tries + 1 >= MOST_TRIES
        state = "refused" if is_last else "waiting"
        await self._change(claimed, {"variants": state, "tries": claimed.tries + 1, "claimed_until": None})
        return is_last

    async def release(self, claimed: ClaimedPicture) -> None:
        """Let another worker go on at once."""
        await self._change(claimed, {"claimed_until": None})

    async def is_gone(self, picture_id: str) -> bool:
        """Whether the picture is deleted, or is being deleted."""
        async with available("picture of a claim"):
            found = await self._pictures.find_one({"_id": picture_id}, {"deleted_at": True})
        return found is None or found.get("deleted_at") is not None

    async def _change(self, claimed: ClaimedPicture, changes: Document) -> bool:
        ours = {"_id": claimed.id, "variants": "waiting", "claimed_until": claimed.until, "deleted_at": None}
        async with available("claimed picture"):
            changed = await self._pictures.update_one({**ours, "facts.stamp": claimed.facts.stamp}, {"$set": changes})
        return bool(changed.matched_count)


def _claimed(found: Document, until: datetime) -> ClaimedPicture:
    return ClaimedPicture(
        id=found["_id"],
        facts=PictureFacts.model_validate(found["facts"]),
        creator=found.get("creator", ""),
        credit=found.get("credit", ""),
        copyright=found.get("copyright", ""),
        tries=found.get("tries", 0),
        until=until,
    )
