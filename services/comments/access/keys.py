"""Keys of this room's parts, for the handlers."""

from aiohttp import web

from services.comments.access.bans import Bans
from services.comments.access.rate_limiter import RateLimiter
from services.comments.access.room import Room
from services.comments.access.visitors import Visitors
from services.comments.access.writer_cookie import WriterCookie
from shared.http.token_checker import TokenChecker

TOKEN_CHECKER = web.AppKey("token_checker", TokenChecker)
RATE_LIMITER = web.AppKey("rate_limiter", RateLimiter)
REACTION_LIMITER = web.AppKey("reaction_limiter", RateLimiter)
VISITORS = web.AppKey("visitors", Visitors)
ROOM = web.AppKey("room", Room)
WRITER_COOKIE = web.AppKey("writer_cookie", WriterCookie)
TRUSTS_EDGE = web.AppKey("trusts_edge", bool)
BANS = web.AppKey("bans", Bans)
SITE_URL = web.AppKey("site_url", str)
