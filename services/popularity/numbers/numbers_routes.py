"""HTTP in: numbers for editors."""

from collections.abc import Sequence
from time import time

from aiohttp import web

from services.popularity.numbers.contract import Adjustment
from services.popularity.numbers.keys import ANSWERS, CARDS, NUMBERS_SECTIONS, NUMBERS_ZONE, TOKEN_CHECKER
from services.popularity.numbers.questions import Question, read_question
from shared.errors import Problem
from shared.http.problems import json_response


async def show_numbers(request: web.Request) -> web.StreamResponse:
    """Views and visitors of a scope over a span, for anyone who may sign in."""
    await request.app[TOKEN_CHECKER].owner(request)
    now = int(time()) // 60
    question = read_question(request.query, request.app[NUMBERS_SECTIONS], now, request.app[NUMBERS_ZONE])
    await _check_article(request, question)
    adjustments: Sequence[Adjustment] = ()
    numbers = await request.app[ANSWERS].answer(question, now, adjustments)
    return json_response(numbers.model_dump_json(by_alias=True).encode())


async def _check_article(request: web.Request, question: Question) -> None:
    article = question.article_id
    if article is not None and not await request.app[CARDS].cards([article]):
        raise Problem(404, "There is no such article.")


ROUTES = [web.get("/v1/numbers", show_numbers)]
