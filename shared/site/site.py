"""What the site is called, its sections and where it is followed: configuration that every service reads alike."""

import tomllib
from pathlib import Path

from pydantic import AnyHttpUrl, BaseModel, ConfigDict, DirectoryPath, Field, FilePath, ValidationError

from shared.errors import SettingsError

SHIPPED = Path(__file__).with_name("site.toml")
_COLOUR = r"^#[0-9a-f]{6}$"


class Part(BaseModel):
    """A frozen piece of the site's configuration; an unknown key is an error, so that a typo does not go unseen."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Section(Part):
    """A section of the paper: its slug is the first part of its articles' paths, its mark a sign in the navigation."""

    slug: str = Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")
    name: str = Field(min_length=1)
    mark: str = Field(min_length=1, max_length=2)
    names: dict[str, str] = {}

    def name_in(self, language: str) -> str:
        """The name for readers of a language; the plain name where nobody has translated it."""
        return self.names.get(language, self.name)


class SocialLink(Part):
    """A place where readers can follow the site."""

    name: str = Field(min_length=1)
    url: AnyHttpUrl


class Colours(Part):
    """The seven colours that pages are made of (LOOK.md): each text colour should reach 4.5:1 on paper and raised."""

    paper: str = Field(pattern=_COLOUR)
    raised: str = Field(pattern=_COLOUR)
    ink: str = Field(pattern=_COLOUR)
    quiet: str = Field(pattern=_COLOUR)
    rule: str = Field(pattern=_COLOUR)
    accent: str = Field(pattern=_COLOUR)
    second: str = Field(pattern=_COLOUR)


class Palette(Part):
    """By day and by night."""

    light: Colours
    dark: Colours


# LOOK.md's colours, for a site that names none.
LOOK = Palette(
    light=Colours(paper="#fbfaf6", raised="#f2efe7", ink="#15181d", quiet="#575d66", rule="#d8d3c6", accent="#a8231a",
                  second="#0c5a60"),
    dark=Colours(paper="#12151a", raised="#1b2027", ink="#ebe7de", quiet="#a4abb5", rule="#313842", accent="#ff8f7c",
                 second="#7fc9c6"),
)  # fmt: skip


class Site(Part):
    """The site as its owner configured it.

    `logo` (SVG) stands in the masthead and as the icon, `pages` is a folder of Markdown: about, contact, privacy and more.
    Both are files beside the site file; without them the shipped ones serve.
    """

    name: str = Field(min_length=1)
    tagline: str
    language: str = "en"
    since: int
    sections: tuple[Section, ...] = Field(min_length=1)
    social: tuple[SocialLink, ...] = ()
    names: dict[str, str] = {}
    taglines: dict[str, str] = {}
    colours: Palette | None = None
    logo: FilePath | None = None
    pages: DirectoryPath | None = None

    @property
    def palette(self) -> Palette:
        """The site's own colours, or LOOK.md's."""
        return self.colours or LOOK

    def name_in(self, language: str) -> str:
        """The site's name as readers of a language know it."""
        return self.names.get(language, self.name)

    def tagline_in(self, language: str) -> str:
        """The line under the name, in a reader's language where there is one."""
        return self.taglines.get(language, self.tagline)

    def section(self, slug: str) -> Section | None:
        """The section of that slug, or None."""
        return next((section for section in self.sections if section.slug == slug), None)


def load_site(path: Path | None) -> Site:
    """Read a site file, the shipped one when no path is given; raises SettingsError where it is wrong."""
    file = path or SHIPPED
    try:
        given = tomllib.loads(file.read_text("utf-8"))
        beside = {name: file.parent / str(given[name]) for name in ("logo", "pages") if name in given}
        return Site.model_validate(given | beside)
    except ValidationError as error:
        raise SettingsError(
            f"WM_SITE: {file}: {'; '.join(_fault(item['loc'], item['msg']) for item in error.errors())}"
        ) from error
    except (OSError, ValueError) as error:  # no such file, no UTF-8, no TOML
        raise SettingsError(f"WM_SITE: {file}: {error}") from error


def _fault(location: tuple[int | str, ...], message: str) -> str:
    return f"{'.'.join(map(str, location))}: {message}"
