"""Keys of this room's parts, for the handlers."""

from aiohttp import web

from services.comments.reading.articles import ArticleLookup
from services.comments.reading.discussions import Discussions
from services.comments.reading.network_store import NetworkStore
from services.comments.reading.reaction_store import ReportStore, VoteStore
from services.comments.reading.turns import Turns

ARTICLE_LOOKUP = web.AppKey("article_lookup", ArticleLookup)
DISCUSSIONS = web.AppKey("discussions", Discussions)
VOTES = web.AppKey("votes", VoteStore)
REPORTS = web.AppKey("reports", ReportStore)
REACTION_NETWORKS = web.AppKey("reaction_networks", NetworkStore)
TURNS = web.AppKey("turns", Turns)
