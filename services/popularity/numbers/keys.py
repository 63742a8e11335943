"""The parts of the numbers' routes, as application keys."""

from zoneinfo import ZoneInfo

from aiohttp import web

from services.popularity.model.store import Store
from services.popularity.numbers.adjusting import Adjusting
from services.popularity.numbers.adjustment_store import AdjustmentStore
from services.popularity.numbers.answers import Answers
from services.popularity.numbers.archives import Archives
from services.popularity.numbers.days import Days
from services.popularity.numbers.live_store import LiveStore
from services.popularity.numbers.present import Present
from shared.http.token_checker import TokenChecker

ADJUSTING = web.AppKey("adjusting", Adjusting)
ADJUSTMENTS = web.AppKey("adjustments", AdjustmentStore)
LIVE_NUMBERS = web.AppKey("live_numbers", LiveStore)
TRUSTS_HEADER = web.AppKey("trusts_header", bool)
PRESENT = web.AppKey("numbers_present", Present)
ARCHIVES = web.AppKey("numbers_archives", Archives)
ANSWERS = web.AppKey("numbers_answers", Answers)
TOKEN_CHECKER = web.AppKey("token_checker", TokenChecker)
NUMBERS_ZONE = web.AppKey("numbers_zone", ZoneInfo)
NUMBERS_SECTIONS = web.AppKey("numbers_sections", frozenset[str])
DAYS = web.AppKey("numbers_days", Days)
CARDS = web.AppKey("numbers_cards", Store)
