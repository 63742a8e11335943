"""Keys of the application's parts, for the handlers."""

from aiohttp import web

from services.comments.discussions import Discussions
from services.comments.form_errors import FormErrorPages
from services.comments.posting import ArticleLookup
from services.comments.rate_limiter import RateLimiter
from services.comments.room import Room
from services.comments.store import Store
from services.comments.writer_cookie import WriterCookie
from shared.http.token_checker import TokenChecker

STORE = web.AppKey("store", Store)
ROOM = web.AppKey("room", Room)
ARTICLE_LOOKUP = web.AppKey("article_lookup", ArticleLookup)
DISCUSSIONS = web.AppKey("discussions", Discussions)
RATE_LIMITER = web.AppKey("rate_limiter", RateLimiter)
TRUSTS_EDGE = web.AppKey("trusts_edge", bool)
WRITER_COOKIE = web.AppKey("writer_cookie", WriterCookie)
TOKEN_CHECKER = web.AppKey("token_checker", TokenChecker)
FORM_ERROR_PAGES = web.AppKey("form_error_pages", FormErrorPages)
