"""The desk's table of contents: clients of other services, pages, routes."""

from collections.abc import AsyncIterator

from aiohttp import web

from services.desk.api import ServiceClient
from services.desk.articles import (
    acts,
    calendar_page,
    checklist_routes,
    compare_page,
    compare_part,
    editor,
    list_page,
    merge,
    preview,
    revisions_page,
    suggestions,
)
from services.desk.articles.link_checker import LinkChecker
from services.desk.assets import PREFIX, DeskAssets
from services.desk.comments import (
    bans_page,
    comment_page,
    decisions_page,
    discussion_page,
    people_data_page,
    queue_page,
    settings_page,
)
from services.desk.failures import answer_pages
from services.desk.keys import (
    ASSETS,
    COMMENTS,
    DESK_SETTINGS,
    INGESTION,
    LANGUAGES,
    LINK_CHECKER,
    MEDIA,
    PAGES,
    PAST_NUMBERS,
    POPULARITY,
    RENDERING,
    SITE,
)
from services.desk.media import lead_page, library_page, picture_page
from services.desk.now import now_page
from services.desk.numbers import article_page, csv_page, scope_page, wall_page
from services.desk.numbers.past import PastNumbers
from services.desk.people import account, audit_page, invitation, people_page, sign_in, tokens_page
from services.desk.settings import DeskSettings
from services.desk.templates import Pages
from services.desk.visit import replace_token, sign_in_first
from services.desk.words import Languages
from shared.http.app import create_service
from shared.http.guarded import FetchLimits, GuardedClient
from shared.http.middleware import answer_problems, observe
from shared.http.networks import read_networks
from shared.site.site import load_site

# The merge form carries two bodies of 200,000 characters, percent-encoded.
LARGEST_BODY_BYTES = 6 * 1024 * 1024
USER_AGENT = "WorldMonitorDesk/1.0 (link check)"
_LINK_LIMITS = FetchLimits(total_s=5.0, most_bytes=0, at_once=12)

ROUTES = [
    *sign_in.ROUTES,
    *invitation.ROUTES,
    *list_page.ROUTES,
    *editor.ROUTES,
    *merge.ROUTES,
    *compare_part.ROUTES,
    *preview.ROUTES,
    *acts.ROUTES,
    *checklist_routes.ROUTES,
    *suggestions.ROUTES,
    *calendar_page.ROUTES,
    *revisions_page.ROUTES,
    *compare_page.ROUTES,
    *library_page.ROUTES,
    *picture_page.ROUTES,
    *lead_page.ROUTES,
    *queue_page.ROUTES,
    *decisions_page.ROUTES,
    *discussion_page.ROUTES,
    *bans_page.ROUTES,
    *settings_page.ROUTES,
    *people_data_page.ROUTES,
    # Its addresses match those of the pages above as well.
    *comment_page.ROUTES,
    *now_page.ROUTES,
    *scope_page.ROUTES,
    *article_page.ROUTES,
    *wall_page.ROUTES,
    *csv_page.ROUTES,
    *account.ROUTES,
    *people_page.ROUTES,
    *tokens_page.ROUTES,
    *audit_page.ROUTES,
]


def create_app(settings: DeskSettings) -> web.Application:
    """Build the application. Raises SettingsError for a wrong site file."""
    middlewares = (observe, answer_problems, replace_token, answer_pages, sign_in_first)
    app = create_service(settings, ROUTES, middlewares=middlewares, largest_body_bytes=LARGEST_BODY_BYTES)
    app[DESK_SETTINGS] = settings
    app[SITE] = site = load_site(settings.site)
    app[ASSETS] = assets = DeskAssets(site)
    app[LANGUAGES] = Languages(site.language, site.zone)
    app[PAGES] = Pages(site, assets)
    app[PAST_NUMBERS] = PastNumbers()
    app.add_routes([web.get(PREFIX + "{name}", assets.serve)])
    for key, name, urls in (
        (INGESTION, "ingestion", settings.ingestion_urls),
        (RENDERING, "rendering", settings.rendering_urls),
        (POPULARITY, "popularity", settings.popularity_urls),
        (MEDIA, "media", settings.media_urls),
        (COMMENTS, "comments", settings.comments_urls),
    ):
        app[key] = ServiceClient(name, urls, settings.desk_wait_s)
    guarded = GuardedClient(USER_AGENT, allowed=read_networks(settings.fetch_allow), limits=_LINK_LIMITS)
    app[LINK_CHECKER] = LinkChecker(guarded, app[RENDERING], settings.site_url)
    app.cleanup_ctx.append(_close_clients)
    return app


async def _close_clients(app: web.Application) -> AsyncIterator[None]:
    yield
    for key in (INGESTION, RENDERING, POPULARITY, MEDIA, COMMENTS):
        await app[key].close()
    await app[LINK_CHECKER].close()
