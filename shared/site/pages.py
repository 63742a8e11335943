"""About, Contact, Privacy: the site's own pages, Markdown files that rendering shows and search finds."""

from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt

from shared.site.site import load_site

SHIPPED = Path(__file__).with_name("pages")


@dataclass(frozen=True, slots=True)
class OwnPage:
    """One page: where it lives, its title, and its text as HTML."""

    path: str
    title: str
    body_html: str


def load_pages(directory: Path = SHIPPED) -> dict[str, OwnPage]:
    """Every page of the directory by its path: `about.md` becomes `/about`, its first line the title.

    The texts are the owner's own, yet raw HTML in them is shown as text: they need none.
    """
    return {page.path: page for page in map(_page, sorted(directory.glob("*.md")))}


def pages_of_site(site: Path | None) -> dict[str, OwnPage]:
    """The pages that a site file names, or the shipped ones. Raises SettingsError when the site file is wrong."""
    return load_pages(load_site(site).pages or SHIPPED)


def _page(file: Path) -> OwnPage:
    heading, _, body = file.read_text("utf-8").partition("\n")
    title = heading.removeprefix("# ").strip()
    return OwnPage(f"/{file.stem}", title, MarkdownIt("commonmark", {"html": False}).render(body))
