"""Requests that pages of other sites make a reader's browser send."""

from aiohttp import web

from services.comments.access.keys import SITE_URL
from shared.errors import Problem
from shared.http.origins import is_cross_site, origin_of


def refuse_other_sites(request: web.Request) -> None:
    """403 when the browser says that another site's page sent the request. Programs do not say where they come from, and pass.

    A form needs no consent of ours to be sent here: it could vote, post, or replace the reader's writer cookie.
    """
    if is_cross_site(request.headers, origin_of(request.app[SITE_URL])):
        raise Problem(403, "This must come from a page of this site.")
