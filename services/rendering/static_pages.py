"""About, Contact, Privacy: Markdown files beside this one, read once when the gateway starts."""

from pathlib import Path

from markdown_it import MarkdownIt

from services.rendering.views import StaticView
from shared.errors import SettingsError

# Where the form to the editors stands, and where the comments service leads its senders back to.
CONTACT = "/contact"
NEEDED = ("/about", CONTACT, "/privacy")
DIRECTORY = Path(__file__).with_name("pages")


def load_static_pages(directory: Path = DIRECTORY) -> dict[str, StaticView]:
    """Every page of the directory by its path: `about.md` becomes `/about`, its first line the title.

    Raises SettingsError where one is missing that every page links to.

    The texts are the owner's own, yet raw HTML in them is shown as text: they need none.
    """
    pages = {page.path: page for page in map(_page, sorted(directory.glob("*.md")))}
    missing = [path for path in NEEDED if path not in pages]
    if missing:
        raise SettingsError(f"{directory} has no page for {', '.join(missing)}")
    return pages


def _page(file: Path) -> StaticView:
    heading, _, body = file.read_text("utf-8").partition("\n")
    title = heading.removeprefix("# ").strip()
    body_html = MarkdownIt("commonmark", {"html": False}).render(body)
    return StaticView(f"/{file.stem}", title, body_html, has_form=f"/{file.stem}" == CONTACT)
