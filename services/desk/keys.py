"""Keys of the desk's parts in its application."""

from aiohttp import web

from services.desk.api import ServiceClient
from services.desk.articles.link_checker import LinkChecker
from services.desk.assets import DeskAssets
from services.desk.numbers.past import PastNumbers
from services.desk.settings import DeskSettings
from services.desk.templates import Pages
from services.desk.words import Languages
from shared.site.site import Site

INGESTION = web.AppKey("ingestion", ServiceClient)
RENDERING = web.AppKey("rendering", ServiceClient)
LINK_CHECKER = web.AppKey("link checker", LinkChecker)
COMMENTS = web.AppKey("comments", ServiceClient)
MEDIA = web.AppKey("media", ServiceClient)
POPULARITY = web.AppKey("popularity", ServiceClient)
PAST_NUMBERS = web.AppKey("past numbers", PastNumbers)
PAGES = web.AppKey("pages", Pages)
ASSETS = web.AppKey("assets", DeskAssets)
LANGUAGES = web.AppKey("languages", Languages)
SITE = web.AppKey("site", Site)
DESK_SETTINGS = web.AppKey("desk settings", DeskSettings)
