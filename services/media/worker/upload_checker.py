"""Checks an upload: type by content, then a decode child. The stripped original is stored at the key that the caller names."""

from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from services.media.objects import NotFound, Objects
from services.media.settings import MediaSettings
from services.media.worker.answers import Answer, Checked, Refused
from services.media.worker.decoder import DeathReason, DecoderDied
from services.media.worker.decoders import Decoders
from services.media.worker.files import fetch, job_folder, store
from services.media.worker.jobs import CheckJob
from services.media.worker.kinds import CONTENT_TYPES, Kind, TypeRefused, kind_of
from services.media.worker.metrics import CHECK_SECONDS, CHECKS
from shared.errors import Problem
from shared.pictures import CONTENT_TYPES as WRITTEN_TYPES
from shared.pictures import LARGEST_ORIGINAL

_DEATHS: dict[DeathReason, str] = {
    "time": "The picture takes too long to decode. Export it again, smaller or in another format.",
    "crash": "The picture cannot be decoded: it is damaged, or it needs more memory than is allowed.",
    "protocol": "The picture cannot be decoded: it makes the decoder fail.",
}


@dataclass(frozen=True)
class OriginalTexts:
    """Texts for the original; None takes the upload's own."""

    creator: str | None = None
    credit: str | None = None
    copyright: str | None = None


@dataclass(frozen=True)
class CheckedUpload:
    """A good upload: its content type, the child's facts, and the size of the original in the store."""

    type: str
    facts: Checked
    stored_bytes: int

    @property
    def original_name(self) -> str:
        """The original's name without its stamp: PNG where the picture is partly transparent."""
        return f"original.{'png' if self.facts.has_alpha else 'jpg'}"


class UploadChecker:
    """Checks uploads in the pool of decoders for editors who wait."""

    def __init__(self, objects: Objects, decoders: Decoders, settings: MediaSettings) -> None:
        self._objects = objects
        self._decoders = decoders
        self._settings = settings

    async def check(self, key: str, target: str, texts: OriginalTexts) -> CheckedUpload:
        """Check the object `key`, and store its original as `target`, unless that exists.

        Raises Problem: 404 for an unknown key, 413, 415 for other types, 422 for damaged or too large pictures; nothing is
        stored then. Raises Unavailable.
        """
        began = perf_counter()
        try:
            with job_folder() as folder:
                checked = await self._check(key, target, texts, folder)
        except Problem as problem:
            CHECKS.labels(str(problem.status)).inc()
            raise
        CHECKS.labels("ok").inc()
        CHECK_SECONDS.observe(perf_counter() - began)
        return checked

    async def _check(self, key: str, target: str, texts: OriginalTexts, folder: Path) -> CheckedUpload:
        kind = await self._fetch(key, folder / "upload")
        facts = await self._decode(kind, folder, texts)
        original = WRITTEN_TYPES["png" if facts.has_alpha else "jpg"]
        stored = await store(self._objects, folder / "original", target, original)
        return CheckedUpload(CONTENT_TYPES[kind], facts, stored)

    async def _fetch(self, key: str, path: Path) -> Kind:
        try:
            return kind_of(await fetch(self._objects, key, path, most_bytes=self._settings.media_most_bytes))
        except NotFound as error:
            raise Problem(404, "There is no object with this key.") from error
        except TypeRefused as refused:
            raise Problem(415, str(refused)) from refused

    async def _decode(self, kind: Kind, folder: Path, texts: OriginalTexts) -> Checked:
        job = CheckJob(
            source=str(folder / "upload"),
            kind=kind,
            target=str(folder / "original"),
            longest_edge=LARGEST_ORIGINAL,
            most_pixels=self._settings.media_most_pixels,
            most_frames=self._settings.media_most_frames,
            creator=texts.creator,
            credit=texts.credit,
            copyright=texts.copyright,
        )
        answer = await self._answer(job)
        if isinstance(answer, Checked):
            return answer
        detail = answer.detail if isinstance(answer, Refused) else _DEATHS["protocol"]
        raise Problem(422, detail)

    async def _answer(self, job: CheckJob) -> Answer:
        try:
            async with self._decoders.one() as decoder:
                return [answer async for answer in decoder.run(job)][-1]
        except DecoderDied as died:
            raise Problem(422, _DEATHS[died.reason]) from died
