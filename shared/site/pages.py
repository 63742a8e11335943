"""The site's own pages (About, Contact, Privacy) from Markdown files, for rendering and search."""

from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt

from shared.site.site import load_site

SHIPPED = Path(__file__).with_name("pages")


@dataclass(frozen=True, slots=True)
class OwnPage:
    """One page: its path, title and text as HTML."""

    path: str
    title: str
    body_html: str


def load_pages(directory: Path = SHIPPED) -> dict[str, OwnPage]:
    """All pages of the directory by path: `about.md` becomes `/about`, its first line the title.

    Raw HTML is escaped: the owner's texts need none.
    """
    return {page.path: page for page in map(_page, sorted(directory.glob("*.md")))}


def pages_of_site(site: Path | None) -> dict[str, OwnPage]:
    """The pages of the site file's `pages` folder, or the shipped ones. Raises SettingsError for a wrong site file."""
    return load_pages(load_site(site).pages or SHIPPED)


def _page(file: Path) -> OwnPage:
    heading, _, body = file.read_text("utf-8").partition("\n")
    title = heading.removeprefix("# ").strip()
    return OwnPage(f"/{file.stem}", title, MarkdownIt("commonmark", {"html": False}).render(body))
