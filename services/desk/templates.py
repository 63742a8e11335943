"""Renders the desk's pages. `Pages.render` is the only way to a template."""

from collections.abc import Mapping
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from services.desk.assets import DeskAssets
from services.desk.languages import language_choices
from services.desk.words import Words
from shared.site.site import Site
from shared.site.words import direction
from shared.text import close_marks
from shared.times import rfc3339

DIRECTORY = Path(__file__).with_name("templates")


class Pages:
    """All templates of the desk."""

    def __init__(self, site: Site, assets: DeskAssets) -> None:
        self._environment = Environment(
            loader=FileSystemLoader(DIRECTORY),
            autoescape=select_autoescape(("html",)),
            undefined=StrictUndefined,
            finalize=_finalize,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
            cache_size=-1,
        )
        self._environment.filters.update(rfc3339=rfc3339)
        self._environment.globals.update(
            site=site, asset=assets.url, direction=direction, language_choices=language_choices
        )

    def render(self, template: str, words: Words, view: Mapping[str, object]) -> str:
        """A page's HTML. Templates see `words` and the entries of `view`."""
        return self._environment.get_template(template).render({"words": words, **view})


def _finalize(value: object) -> object:
    # Direction marks of a text must not reach past it. HTML (Markup) has been made from such texts.
    return close_marks(value) if isinstance(value, str) and not isinstance(value, Markup) else value
