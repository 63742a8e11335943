"""Requests that pages of other sites send: a foreign page could make all its readers view an article here, vote, or post a form."""

from collections.abc import Mapping
from urllib.parse import urlsplit


def origin_of(site_url: str) -> str:
    """The site's own origin, in lower case."""
    parts = urlsplit(site_url)
    return f"{parts.scheme}://{parts.netloc}".lower()


def is_cross_site(headers: Mapping[str, str], site_origin: str) -> bool:
    """Whether a browser says that another site's page sent the request.

    A page cannot choose these headers. Programs send neither and pass. `Origin: null` (a sandboxed frame) is another site's,
    unless `Sec-Fetch-Site` says otherwise: pages here always send their origin (`Referrer-Policy`).
    """
    fetch_site = headers.get("Sec-Fetch-Site")
    if fetch_site in ("same-origin", "cross-site"):
        return fetch_site == "cross-site"
    origin = headers.get("Origin")
    return origin is not None and origin.lower() not in own_origins(headers.get("Host", "").lower(), site_origin)


def own_origins(host: str, site_origin: str) -> tuple[str, str, str]:
    """The origins of this site's pages, for a request to `host`, in lower case."""
    # The edge may end TLS, so the scheme of the request's own origin is not known here.
    return site_origin, f"http://{host}", f"https://{host}"
