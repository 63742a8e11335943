"""Which requests come from the site's own pages. Protects writes that carry a cookie (cross-site request forgery)."""

from aiohttp import web

from shared.errors import Problem

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


def refuse_cross_site(request: web.Request, site_url: str) -> None:
    """403 for an unsafe method from another site's page.

    Browsers send `Sec-Fetch-Site`; older ones `Origin`, which must be the request's own host or `site_url`. A request with
    neither is refused: each browser sends one of them with a write.
    """
    if request.method in _SAFE:
        return
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        allowed = site in ("same-origin", "none")
    else:
        origin = request.headers.get("Origin", "")
        allowed = origin.partition("://")[2] == request.host or origin == site_url
    if not allowed:
        raise Problem(403, "This request comes from another site's page.")
