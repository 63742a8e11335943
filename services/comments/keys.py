"""What the application holds for its handlers."""

from aiohttp import web

from services.comments.access import Tokens
from services.comments.limits import Visitors
from services.comments.pages import Pages
from services.comments.posting import Newsroom
from services.comments.store import Store

STORE = web.AppKey("store", Store)
NEWSROOM = web.AppKey("newsroom", Newsroom)
VISITORS = web.AppKey("visitors", Visitors)
TOKENS = web.AppKey("tokens", Tokens)
PAGES = web.AppKey("pages", Pages)
