"""Keys of this room's parts, for the handlers."""

from aiohttp import web

from services.comments.reading.articles import ArticleLookup
from services.comments.reading.discussions import Discussions

ARTICLE_LOOKUP = web.AppKey("article_lookup", ArticleLookup)
DISCUSSIONS = web.AppKey("discussions", Discussions)
