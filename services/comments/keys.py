"""What the application holds for its handlers."""

from aiohttp import web

from services.comments.access import Tokens
from services.comments.form_errors import Pages
from services.comments.posting import ArticleLookup
from services.comments.rate_limiter import RateLimiter
from services.comments.store import Store

STORE = web.AppKey("store", Store)
NEWSROOM = web.AppKey("newsroom", ArticleLookup)
VISITORS = web.AppKey("visitors", RateLimiter)
TOKENS = web.AppKey("tokens", Tokens)
PAGES = web.AppKey("pages", Pages)
