"""HTTP in: numbers for editors, and the archive for readers."""

from time import time

from aiohttp import web

from services.popularity.numbers.archives import read_archive_question
from services.popularity.numbers.contract import Numbers
from services.popularity.numbers.keys import (
    ADJUSTMENTS,
    ANSWERS,
    ARCHIVES,
    CARDS,
    NUMBERS_SECTIONS,
    NUMBERS_ZONE,
    PRESENT,
    TOKEN_CHECKER,
)
from services.popularity.numbers.periods import moment_of, read_period
from services.popularity.numbers.questions import MOST_DAYS, Question, read_question
from services.popularity.numbers.table import table_of
from shared.errors import Problem
from shared.http.problems import SECURITY_HEADERS, json_response
from shared.http.requests import refuse_unknown


async def show_numbers(request: web.Request) -> web.StreamResponse:
    """Views and visitors of a scope over a span, for anyone who may sign in."""
    return json_response((await _numbers(request)).model_dump_json(by_alias=True).encode())


async def download_numbers(request: web.Request) -> web.StreamResponse:
    """The same as a file of CSV."""
    numbers = await _numbers(request)
    return web.Response(
        text=table_of(numbers),
        content_type="text/csv",
        charset="utf-8",
        headers={
            **SECURITY_HEADERS,
            "Cache-Control": "no-store",
            "Content-Disposition": f'attachment; filename="numbers-by-{numbers.by}.csv"',
        },
    )


async def list_drops(request: web.Request) -> web.StreamResponse:
    """Views that did not count, by day and reason."""
    await request.app[TOKEN_CHECKER].owner(request)
    refuse_unknown(request.query, ("from", "to"))
    now = _minute()
    given = (request.query.get("from"), request.query.get("to"))
    period = read_period(given, now, request.app[NUMBERS_ZONE], most_days=MOST_DAYS)
    drops = await request.app[ANSWERS].drops(period, now)
    return json_response(drops.model_dump_json(by_alias=True).encode())


async def show_now(request: web.Request) -> web.StreamResponse:
    """Readers and articles of the last five minutes."""
    await request.app[TOKEN_CHECKER].owner(request)
    refuse_unknown(request.query, ())
    return json_response((await request.app[PRESENT].now(_minute())).model_dump_json().encode())


async def show_archive(request: web.Request) -> web.StreamResponse:
    """The most read articles of a day or week, for everyone."""
    question = read_archive_question(request.query, request.app[NUMBERS_SECTIONS])
    return json_response((await request.app[ARCHIVES].answer(question, _minute())).model_dump_json().encode())


async def _numbers(request: web.Request) -> Numbers:
    await request.app[TOKEN_CHECKER].owner(request)
    now = _minute()
    question = read_question(request.query, request.app[NUMBERS_SECTIONS], now, request.app[NUMBERS_ZONE])
    await _check_article(request, question)
    start, end = moment_of(question.period.start), moment_of(question.period.end)
    adjustments = await request.app[ADJUSTMENTS].touching(question.scope, start, end)
    return await request.app[ANSWERS].answer(question, now, adjustments)


async def _check_article(request: web.Request, question: Question) -> None:
    article = question.article_id
    if article is not None and not await request.app[CARDS].cards([article]):
        raise Problem(404, "There is no such article.")


def _minute() -> int:
    return int(time()) // 60


ROUTES = [
    web.get("/v1/numbers", show_numbers),
    web.get("/v1/numbers.csv", download_numbers),
    web.get("/v1/numbers/drops", list_drops),
    web.get("/v1/numbers/now", show_now),
    web.get("/v1/numbers/archive", show_archive),
]
