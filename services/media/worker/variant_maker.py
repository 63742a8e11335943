"""Makes the missing variants of one claimed picture, and stores each as soon as it is written."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from time import perf_counter

import structlog

from services.media.objects import NotFound, Objects
from services.media.worker.answers import Failed, Made
from services.media.worker.decoder import DecoderDied
from services.media.worker.decoders import Decoders
from services.media.worker.files import fetch, job_folder, store
from services.media.worker.jobs import CreditTexts, VariantsJob
from services.media.worker.kinds import TypeRefused, kind_of
from services.media.worker.metrics import VARIANTS_MADE, VARIANTS_REFUSED, VARIANTS_SECONDS
from services.media.worker.queue_store import CLAIM, ClaimedPicture, VariantQueue
from services.media.worker.rules import key_of, missing_variants, original_key, variant_file
from shared.errors import Problem, Unavailable
from shared.pictures import Variant
from shared.process.process import stop_task
from shared.times import Clock

_log = structlog.get_logger(__name__)

# Our own originals are smaller: PNGs of LARGEST_ORIGINAL squared.
_LARGEST_ORIGINAL_BYTES = 64 * 1024 * 1024


class _TryFailed(Exception):
    """The variants cannot be made this time; the message says why."""


class _ClaimLost(Exception):
    """The picture was changed or deleted, or another worker has it."""


class VariantMaker:
    """Takes claimed pictures to their end: done, one more failed try, or refused."""

    def __init__(self, objects: Objects, queue: VariantQueue, decoders: Decoders, clock: Clock) -> None:
        self._objects = objects
        self._queue = queue
        self._decoders = decoders
        self._clock = clock

    async def make(self, claimed: ClaimedPicture) -> None:
        """Make the variants and settle the claim. Raises Unavailable; the claim is then still ours."""
        began = perf_counter()
        try:
            async with self._holding(claimed):
                await self._make_missing(claimed)
            if not await self._queue.finish(claimed):
                raise _ClaimLost(claimed.id)
        except _TryFailed as failure:
            await self._note_failure(claimed, str(failure))
        except _ClaimLost:
            await self._tidy(claimed)
        else:
            VARIANTS_SECONDS.observe(perf_counter() - began)

    @asynccontextmanager
    async def _holding(self, claimed: ClaimedPicture) -> AsyncIterator[None]:
        """Renew the claim during a block: on a busy machine one file may take longer than a claim lasts."""
        renewing = asyncio.create_task(self._renew(claimed))
        try:
            yield
        finally:
            await stop_task(renewing)

    async def _renew(self, claimed: ClaimedPicture) -> None:
        """A claim that is lost, or that MongoDB does not renew, shows at the end of the work."""
        while True:
            await asyncio.sleep(CLAIM.total_seconds() / 4)
            with contextlib.suppress(Unavailable):
                await self._queue.renew(claimed, self._clock())

    async def _make_missing(self, claimed: ClaimedPicture) -> None:
        known = [key async for key in self._objects.keys(f"{claimed.facts.folder}/")]
        missing = missing_variants(claimed.facts, known)
        if missing:
            with job_folder() as folder:
                await self._make_files(claimed, missing, folder)

    async def _make_files(self, claimed: ClaimedPicture, missing: Sequence[Variant], folder: Path) -> None:
        job = await self._job(claimed, missing, folder)
        try:
            async with self._decoders.one() as decoder:
                async for answer in decoder.run(job):
                    if isinstance(answer, Failed):
                        raise _TryFailed(answer.detail)
                    if isinstance(answer, Made):
                        await self._store_file(claimed, missing, answer.number, folder)
        except DecoderDied as died:
            raise _TryFailed(f"the decoder died: {died.reason}") from died

    async def _job(self, claimed: ClaimedPicture, missing: Sequence[Variant], folder: Path) -> VariantsJob:
        source = folder / "original"
        try:
            head = await fetch(self._objects, original_key(claimed.facts), source, most_bytes=_LARGEST_ORIGINAL_BYTES)
            kind = kind_of(head)
        except (NotFound, TypeRefused, Problem) as error:
            raise _TryFailed(f"the original cannot be used: {error!r}") from error
        return VariantsJob(
            source=str(source),
            kind=kind,
            files=[variant_file(claimed.facts, variant, folder) for variant in missing],
            texts=CreditTexts(claimed.creator, claimed.credit, claimed.copyright),
        )

    async def _store_file(self, claimed: ClaimedPicture, missing: Sequence[Variant], number: int, folder: Path) -> None:
        if number >= len(missing):
            raise _TryFailed("the decoder answered with nonsense")
        variant = missing[number]
        path = folder / str(variant.name)
        await store(self._objects, path, key_of(claimed.facts, variant), variant.content_type)
        VARIANTS_MADE.labels(variant.name.format).inc()

    async def _note_failure(self, claimed: ClaimedPicture, reason: str) -> None:
        _log.warning("variants.failed", picture=claimed.id, tries=claimed.tries + 1, reason=reason)
        if await self._queue.fail(claimed):
            VARIANTS_REFUSED.inc()
            _log.error("variants.refused", picture=claimed.id, reason=reason)

    async def _tidy(self, claimed: ClaimedPicture) -> None:
        """Of a deleted picture leave nothing; files of an old stamp are the sweeper's."""
        if not await self._queue.is_gone(claimed.id):
            return
        names = (key_of(claimed.facts, variant) for variant in missing_variants(claimed.facts, ()))
        for key in names:
            await self._objects.delete(key)
