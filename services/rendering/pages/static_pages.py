"""About, Contact, Privacy: the texts of `shared/site/pages/` as views, read once at start."""

from pathlib import Path

from services.rendering.pages.models import StaticView
from shared.errors import SettingsError
from shared.site.pages import SHIPPED, load_pages

# The page of the contact form. The comments service redirects senders back to it.
CONTACT = "/contact"
NEEDED = ("/about", CONTACT, "/privacy")


def load_static_pages(directory: Path = SHIPPED) -> dict[str, StaticView]:
    """Every page of the directory by its path. Raises SettingsError where a page in NEEDED is missing."""
    pages = load_pages(directory)
    missing = [path for path in NEEDED if path not in pages]
    if missing:
        raise SettingsError(f"{directory} has no page for {', '.join(missing)}")
    return {
        path: StaticView(path, page.title, page.body_html, has_form=path == CONTACT) for path, page in pages.items()
    }
