"""About, Contact, Privacy: the texts of `shared/pages/` as views, read once when the gateway starts."""

from pathlib import Path

from services.rendering.views import StaticView
from shared.pages import SHIPPED, load_pages


def load_static_pages(directory: Path = SHIPPED) -> dict[str, StaticView]:
    """Every page of the directory by its path."""
    pages = load_pages(directory)
    return {path: StaticView(path, page.title, page.body_html) for path, page in pages.items()}
