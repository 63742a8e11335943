"""A small server of media's API (pictures in memory), for tests of the desk alone. Files are read with Pillow."""

import hashlib
import io
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

from aiohttp import web
from aiohttp.test_utils import TestServer
from PIL import Image, UnidentifiedImageError

from shared.errors import FieldError, Problem
from shared.http.middleware import answer_problems
from shared.ids import new_id
from shared.pictures import PictureFacts, all_variants, original_name, variants
from shared.times import now, rfc3339

Json = Mapping[str, object]
_STAMP = "0123abcd"


def draw_picture(color: str = "#336699", size: tuple[int, int] = (1200, 800), format: str = "JPEG") -> bytes:
    """A picture file of one colour with a light square in its upper left quarter."""
    picture = Image.new("RGB", size, color)
    picture.paste("#ffeecc", (size[0] // 8, size[1] // 8, size[0] * 3 // 8, size[1] * 3 // 8))
    held = io.BytesIO()
    picture.save(held, format)
    return held.getvalue()


@dataclass(frozen=True)
class StoredPicture:
    """A picture of the server: the fields of its answer that change, and its file."""

    facts: PictureFacts
    file: bytes
    file_name: str
    sha256: str
    texts: Json
    version: int = 1
    is_decorative: bool = False


@dataclass
class MediaApi:
    """The server's state. `uses` are by picture; `fault` is raised by the next uploads while it is set."""

    url: str = ""
    pictures: dict[str, StoredPicture] = field(default_factory=dict)
    uses: dict[str, list[Json]] = field(default_factory=dict)
    fault: Problem | None = None

    def add(self, file: bytes, file_name: str, **texts: str) -> tuple[StoredPicture, bool]:
        """Store a file, and whether it is new. Problem 415 for what Pillow cannot read."""
        sha256 = hashlib.sha256(file).hexdigest()
        for known in self.pictures.values():
            if known.sha256 == sha256:
                return known, False
        try:
            with Image.open(io.BytesIO(file)) as picture:
                width, height = picture.size
        except UnidentifiedImageError as error:
            raise Problem(415, "This is not a JPEG, PNG, WebP, AVIF or GIF file.") from error
        facts = PictureFacts(
            id=new_id(), folder=sha256[:16], stamp=_STAMP, width=width, height=height,
            original=original_name(_STAMP, has_alpha=False), size_bytes=len(file),
        )  # fmt: skip
        made = StoredPicture(facts, file, file_name, sha256, {"alt": "", "caption": "", "credit": "", **texts})
        self.pictures[facts.id] = made
        return made, True

    def answer(self, one: StoredPicture) -> Json:
        """The picture as the API shows it."""
        facts = one.facts
        return {
            "id": facts.id, "version": one.version, "url": facts.original_path, "width": facts.width, "height": facts.height,
            "type": "image/jpeg", "size_bytes": len(one.file), "sha256": one.sha256, "file_name": one.file_name,
            **one.texts, "decorative": one.is_decorative, "focal_point": {"x": facts.focal_x, "y": facts.focal_y},
            "created_at": rfc3339(now()), "variants_state": "done", "used_by": self.uses.get(facts.id, []),
            "variants": [_file(each) for each in all_variants(facts)],
            "crops": {shape: _file(variants(facts, shape, "jpg")[-1]) for shape in ("16x9", "3x2", "4x3", "1x1")},
        }  # fmt: skip


def _file(variant: object) -> Json:
    return {name: getattr(variant, name) for name in ("width", "height")} | {
        "url": getattr(variant, "path", ""),
        "type": getattr(variant, "content_type", ""),
    }


@asynccontextmanager
async def media_api() -> AsyncIterator[MediaApi]:
    """Serve the API for the length of a block."""
    api = MediaApi()

    def found(request: web.Request) -> StoredPicture:
        if request.match_info["id"] not in api.pictures:
            raise Problem(404, "There is no such picture.")
        return api.pictures[request.match_info["id"]]

    async def upload(request: web.Request) -> web.Response:
        form = await request.post()
        if api.fault is not None:
            raise api.fault
        file = form.get("file")
        if not isinstance(file, web.FileField) or not file.filename:
            raise Problem(422, "Some fields are wrong.", errors=(FieldError("/file", "Send a file."),))
        made, is_new = api.add(file.file.read(), file.filename)
        return web.json_response(api.answer(made), status=201 if is_new else 200)

    async def fetch(request: web.Request) -> web.Response:
        url = (await request.json())["url"]
        if not url.startswith("https://"):
            raise Problem(422, "Some fields are wrong.", errors=(FieldError("/url", "Send a web address."),))
        made, is_new = api.add(draw_picture(f"#{hashlib.sha256(url.encode()).hexdigest()[:6]}"), "fetched.jpg")
        return web.json_response(api.answer(made), status=201 if is_new else 200)

    async def show_list(request: web.Request) -> web.Response:
        asked = request.query
        shown = [
            api.answer(one)
            for one in reversed(api.pictures.values())
            if asked.get("q", "").lower() in f"{one.texts} {one.file_name}".lower()
            and not (asked.get("unused") and api.uses.get(one.facts.id))
            and not (asked.get("missing_alt") and (one.texts["alt"] or one.is_decorative))
        ]
        start, limit = int(asked.get("cursor", "0")), int(asked.get("limit", "20"))
        more = str(start + limit) if len(shown) > start + limit else None
        return web.json_response({"items": shown[start : start + limit], "next_cursor": more})

    async def show(request: web.Request) -> web.Response:
        return web.json_response(api.answer(found(request)))

    async def change(request: web.Request) -> web.Response:
        one, sent = found(request), await request.json()
        if request.headers.get("If-Match") != f'"{one.version}"':
            raise Problem(412, "The picture has another version.")
        focal = sent.get("focal_point", {"x": one.facts.focal_x, "y": one.facts.focal_y})
        made = replace(
            one,
            version=one.version + 1,
            facts=one.facts.model_copy(update={"focal_x": focal["x"], "focal_y": focal["y"]}),
            texts={name: sent.get(name, text) for name, text in one.texts.items()},
            is_decorative=sent.get("decorative", one.is_decorative),
        )
        api.pictures[one.facts.id] = made
        return web.json_response(api.answer(made))

    async def delete(request: web.Request) -> web.Response:
        one = found(request)
        if api.uses.get(one.facts.id):
            raise Problem(409, "Articles use this picture.")
        del api.pictures[one.facts.id]
        return web.Response(status=204)

    async def serve(request: web.Request) -> web.Response:
        for one in api.pictures.values():
            if one.facts.folder == request.match_info["folder"]:
                return web.Response(body=one.file, content_type="image/jpeg")
        raise web.HTTPNotFound

    app = web.Application(middlewares=[answer_problems], client_max_size=64 * 1024 * 1024)
    app.add_routes(
        [
            web.post("/v1/media", upload),
            web.post("/v1/media/fetch", fetch),
            web.get("/v1/media", show_list),
            web.get("/v1/media/{id}", show),
            web.patch("/v1/media/{id}", change),
            web.delete("/v1/media/{id}", delete),
            web.get("/media/{folder}/{name}", serve),
        ]
    )
    async with TestServer(app) as server:
        api.url = str(server.make_url("")).rstrip("/")
        yield api
