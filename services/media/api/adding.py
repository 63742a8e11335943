"""From a staged file to a committed picture: check by the worker, files first, the document last."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from services.media.api.answers import picture_answer
from services.media.api.contract import PictureTexts
from services.media.api.fields import LONGEST_CREDIT
from services.media.api.ingestion_client import IngestionClient
from services.media.api.metrics import ADDED
from services.media.api.rules import folder_of, stamp_of
from services.media.api.upload import StagedFile, original_beside
from services.media.api.worker_client import CheckedPicture, WorkerClient
from services.media.objects import UPLOAD, Objects
from services.media.records import Picture, Uploader
from services.media.store import Store
from shared.errors import Problem, Unavailable
from shared.http.idempotency import Answer, Claim
from shared.ids import new_id
from shared.mongo.collections import Session
from shared.pictures import PictureFacts, original_name
from shared.text import EDITOR_LINE, TextRefused, tidy
from shared.times import now

_LONGEST_COPYRIGHT = 500


@dataclass(frozen=True)
class Sent:
    """A staged file with everything that was sent with it."""

    file: StagedFile
    texts: PictureTexts
    by: Uploader
    claim: Claim | None


class Adding:
    """Adds pictures. `on_added` is called after the commit of each."""

    def __init__(
        self,
        store: Store,
        objects: Objects,
        worker: WorkerClient,
        ingestion: IngestionClient,
        on_added: Callable[[], None],
    ) -> None:
        self._store = store
        self._objects = objects
        self._worker = worker
        self._ingestion = ingestion
        self._on_added = on_added

    async def add(self, sent: Sent) -> Answer:
        """201 with a new picture, 200 with the first one of the same file. A Problem for a file that is refused."""
        known = await self._known(sent.file.sha256)
        if known is not None:
            return await self._first_answer(known, sent.claim)
        checked = await self._worker.check(sent.file.key, sent.texts.credit)
        picture = new_picture(sent, checked)
        # One request at a time changes a folder: neither a deletion nor the sweeper can take the files before the commit.
        async with self._store.leases.held(picture.folder):
            known = await self._known(sent.file.sha256)
            if known is not None:
                return await self._first_answer(known, sent.claim)
            answer = await self._commit(picture, sent)
        ADDED.labels("new").inc()
        self._on_added()
        return answer

    async def _known(self, sha256: str) -> Picture | None:
        found = await self._store.pictures.with_sha256(sha256)
        if found is not None and found.deleted_at is not None:
            raise Unavailable("this picture is being deleted; then it can be sent again")
        return found

    async def _first_answer(self, known: Picture, made: Claim | None) -> Answer:
        ADDED.labels("known").inc()
        uses = (await self._ingestion.uses([known.id]))[known.id]
        answer = picture_answer(known, uses, status=200)

        async def keep(session: Session) -> Answer:
            await self._store.answers.keep(session, made, answer)
            return answer

        return answer if made is None else await self._store.mongo.transaction(keep)

    async def _commit(self, picture: Picture, sent: Sent) -> Answer:
        if await self._store.pictures.in_folder(picture.folder) is not None:
            raise Problem(409, "Another picture's hash begins with the same characters.")
        await self._objects.move(sent.file.key, f"{picture.folder}/{UPLOAD}")
        await self._objects.move(original_beside(sent.file.key), f"{picture.folder}/{picture.facts.original}")
        answer = picture_answer(picture, (), status=201)

        async def work(session: Session) -> Answer:
            await self._store.pictures.add(picture, session)
            await self._store.answers.keep(session, sent.claim, answer)
            return answer

        return await self._store.mongo.transaction(work)


def new_picture(sent: Sent, checked: CheckedPicture) -> Picture:
    """The picture of a checked file. A credit that was sent comes before the one in the file."""
    texts, at = sent.texts, now()
    credit = _iptc(checked.credit, LONGEST_CREDIT) if texts.credit is None else texts.credit
    creator, copyright = _iptc(checked.creator, LONGEST_CREDIT), _iptc(checked.copyright, _LONGEST_COPYRIGHT)
    stamp = stamp_of(credit, creator, copyright, texts.focal_x, texts.focal_y)
    facts = PictureFacts(
        id=new_id(),
        folder=folder_of(sent.file.sha256),
        stamp=stamp,
        width=checked.original.width,
        height=checked.original.height,
        original=original_name(stamp, has_alpha=checked.has_alpha),
        size_bytes=checked.original.size_bytes,
        focal_x=texts.focal_x,
        focal_y=texts.focal_y,
        color=checked.color,
    )
    return Picture(
        id=facts.id,
        sha256=sent.file.sha256,
        file_name=sent.file.file_name,
        type=checked.type,
        size_bytes=sent.file.size_bytes,
        width=checked.width,
        height=checked.height,
        has_alpha=checked.has_alpha,
        facts=facts,
        alt=texts.alt,
        caption=texts.caption,
        credit=credit,
        decorative=texts.decorative,
        creator=creator,
        copyright=copyright,
        created_at=at,
        updated_at=at,
        created_by=sent.by,
    )


def _iptc(text: str, longest: int) -> str:
    """A text of a file's IPTC fields as one line; empty when it breaks the rules of texts."""
    try:
        return tidy(text[:longest], EDITOR_LINE)
    except TextRefused:
        return ""


async def changed_original(picture: Picture, worker: WorkerClient) -> Picture:
    """Have the original of a picture's new stamp written; returns the picture with its facts."""
    facts = picture.facts
    stamp = stamp_of(picture.credit, picture.creator, picture.copyright, facts.focal_x, facts.focal_y)
    if stamp == facts.stamp:
        return picture
    name = original_name(stamp, has_alpha=picture.has_alpha)
    credits = {"credit": picture.credit, "creator": picture.creator, "copyright": picture.copyright}
    written = await worker.write_original(f"{picture.folder}/{UPLOAD}", f"{picture.folder}/{name}", credits)
    size = {"width": written.width, "height": written.height, "size_bytes": written.size_bytes}
    return replace(picture, facts=facts.model_copy(update={"stamp": stamp, "original": name, **size}))
