"""What happens now, as a page for a wall screen, and as the strip above the list of articles."""

from aiohttp import web

from services.desk.keys import POPULARITY, RENDERING
from services.desk.now.facts import NowFacts, read_now
from services.desk.visit import VISIT, page

# A wall screen asks again after this time.
REFRESH_S = 15


async def show_now(request: web.Request) -> web.Response:
    """The page; it loads itself again."""
    facts = await now_of(request)
    answer = page(request, "now/now.html", now=facts)
    answer.headers["Refresh"] = str(REFRESH_S)
    return answer


async def now_of(request: web.Request) -> NowFacts:
    """The facts for the person of a request."""
    return await read_now(request[VISIT], request.app[POPULARITY], request.app[RENDERING])


ROUTES = [web.get("/desk/now", show_now)]
