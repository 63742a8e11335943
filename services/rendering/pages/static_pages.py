"""About, Contact, Privacy: the texts of `shared/site/pages/` as views, read once when the gateway starts."""

from pathlib import Path

from services.rendering.pages.models import StaticView
from shared.errors import SettingsError
from shared.site.pages import SHIPPED, load_pages

# Where the form to the editors stands, and where the comments service leads its senders back to.
CONTACT = "/contact"
NEEDED = ("/about", CONTACT, "/privacy")


def load_static_pages(directory: Path = SHIPPED) -> dict[str, StaticView]:
    """Every page of the directory by its path. Raises SettingsError where one is missing that every page links to."""
    pages = load_pages(directory)
    missing = [path for path in NEEDED if path not in pages]
    if missing:
        raise SettingsError(f"{directory} has no page for {', '.join(missing)}")
    return {
        path: StaticView(path, page.title, page.body_html, has_form=path == CONTACT) for path, page in pages.items()
    }
