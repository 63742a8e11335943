"""The parts of the numbers' routes, as application keys."""

from zoneinfo import ZoneInfo

from aiohttp import web

from services.popularity.model.store import Store
from services.popularity.numbers.answers import Answers
from shared.http.token_checker import TokenChecker

ANSWERS = web.AppKey("numbers_answers", Answers)
TOKEN_CHECKER = web.AppKey("token_checker", TokenChecker)
NUMBERS_ZONE = web.AppKey("numbers_zone", ZoneInfo)
NUMBERS_SECTIONS = web.AppKey("numbers_sections", frozenset[str])
CARDS = web.AppKey("numbers_cards", Store)
