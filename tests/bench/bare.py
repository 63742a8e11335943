"""The reference: an aiohttp server with a fixed response. `python -m tests.bench.bare PORT` reads the body from stdin."""

import sys

import uvloop
from aiohttp import web


def create_bare(body: bytes) -> web.Application:
    """`GET /bare` returns the body; `POST /bare` reads JSON and returns the body with status 202."""

    async def show(_: web.Request) -> web.Response:
        return web.Response(body=body, headers={"Cache-Control": "no-store"}, content_type="application/json")

    async def take(request: web.Request) -> web.Response:
        await request.json()
        return web.Response(body=body, status=202, content_type="application/json")

    app = web.Application()
    app.add_routes([web.get("/bare", show), web.post("/bare", take)])
    return app


if __name__ == "__main__":
    web.run_app(
        create_bare(sys.stdin.buffer.read()),
        host="127.0.0.1",
        port=int(sys.argv[1]),
        access_log=None,
        print=lambda *_: None,
        loop=uvloop.new_event_loop(),
    )
