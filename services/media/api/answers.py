"""Answers with one picture, as they are sent and kept for an `Idempotency-Key`."""

from collections.abc import Sequence

from services.media.api.contract import PictureAnswer, PictureUse
from services.media.records import Picture
from shared.http.idempotency import Answer
from shared.http.requests import etag


def picture_answer(picture: Picture, uses: Sequence[PictureUse], *, status: int) -> Answer:
    """The answer with a picture, its version and, for a new one, its address."""
    headers = {"ETag": etag(picture.version)}
    if status == 201:
        headers["Location"] = f"/v1/media/{picture.id}"
    return Answer(status, PictureAnswer.of(picture, uses).model_dump_json().encode(), headers)
