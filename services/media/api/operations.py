"""The table of operations behind the OpenAPI of pictures."""

from collections.abc import Sequence

from services.media.api.contract import PictureAnswer, PictureChange, PictureFetch, PictureList, PictureUpload
from services.media.api.upload import FORM
from shared.http.openapi import CURSOR, LIMIT, Operation, Parameter
from shared.http.requests import JSON_TYPE

_ID = Parameter("id", "path", "The picture's id", {"type": "string"})
_KEY = Parameter(
    "Idempotency-Key",
    "header",
    "A repeated request with the same key gets the first answer",
    {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[ -~]+$"},
)
_IF_MATCH = Parameter("If-Match", "header", "The ETag of the version that was read", {"type": "string"}, required=True)
_OPTIONAL_MATCH = Parameter(
    "If-Match", "header", "The ETag of the version that was read; not demanded", {"type": "string"}
)
_FLAG = {"type": "boolean", "default": False}
_FILTERS = (
    Parameter(
        "q",
        "query",
        "Words that all occur in alt text, caption, credit or file name",
        {"type": "string", "maxLength": 200},
    ),
    Parameter("unused", "query", "Only pictures that no article uses; a page may be shorter than `limit`", _FLAG),
    Parameter("mine", "query", "Only pictures that the sender of the request added", _FLAG),
    Parameter("missing_alt", "query", "Only pictures without alt text that are not decorative", _FLAG),
)
_HEADERS = {"ETag": "The version as a strong entity tag"}
_NEW_HEADERS = {**_HEADERS, "Location": "The new picture"}
_NEW_PROBLEMS = (400, 401, 403, 408, 409, 413, 415, 422, 503)

OPERATIONS: Sequence[Operation] = (
    Operation(
        id="upload_picture",
        method="POST",
        path="/v1/media",
        summary="Store a picture: JPEG, PNG, WebP, AVIF or GIF, by content. The same file again is 200 with the first picture",
        answers={200: PictureAnswer, 201: PictureAnswer},
        problems=_NEW_PROBLEMS,
        body={FORM: PictureUpload},
        parameters=(_KEY,),
        secured=True,
        headers=_NEW_HEADERS,
    ),
    Operation(
        id="fetch_picture",
        method="POST",
        path="/v1/media/fetch",
        summary="Store the picture at a public address, as if it were uploaded",
        answers={200: PictureAnswer, 201: PictureAnswer},
        problems=_NEW_PROBLEMS,
        body={JSON_TYPE: PictureFetch},
        parameters=(_KEY,),
        secured=True,
        headers=_NEW_HEADERS,
    ),
    Operation(
        id="list_pictures",
        method="GET",
        path="/v1/media",
        summary="List pictures, newest first",
        answers={200: PictureList},
        problems=(400, 401, 403, 422, 503),
        parameters=(*_FILTERS, LIMIT, CURSOR),
        secured=True,
    ),
    Operation(
        id="show_picture",
        method="GET",
        path="/v1/media/{id}",
        summary="Show a picture and the articles that use it",
        answers={200: PictureAnswer},
        problems=(401, 403, 404, 422, 503),
        parameters=(_ID,),
        secured=True,
        headers=_HEADERS,
    ),
    Operation(
        id="change_picture",
        method="PATCH",
        path="/v1/media/{id}",
        summary="Change a picture's texts or focal point; fields that are not sent stay. Its articles follow",
        answers={200: PictureAnswer},
        problems=(400, 401, 403, 404, 412, 413, 415, 422, 428, 503),
        body={JSON_TYPE: PictureChange},
        parameters=(_ID, _IF_MATCH, _KEY),
        secured=True,
        headers=_HEADERS,
    ),
    Operation(
        id="delete_picture",
        method="DELETE",
        path="/v1/media/{id}",
        summary="Delete a picture that no article uses",
        answers={204: None},
        problems=(401, 403, 404, 409, 412, 422, 503),
        parameters=(_ID, _OPTIONAL_MATCH, _KEY),
        secured=True,
    ),
)
