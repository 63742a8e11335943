"""The site's configuration for all services: names, sections, colours, social links."""

import tomllib
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, AnyHttpUrl, BaseModel, ConfigDict, DirectoryPath, Field, FilePath, ValidationError

from shared.errors import SettingsError

SHIPPED = Path(__file__).with_name("site.toml")
_COLOUR = r"^#[0-9a-f]{6}$"


def _time_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ValueError("It is not a time zone such as Asia/Riyadh.") from error
    return name


TimeZone = Annotated[str, AfterValidator(_time_zone)]


class Part(BaseModel):
    """A frozen part of the configuration. Unknown keys are errors, to catch typing errors."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Section(Part):
    """A section of the paper. Its slug begins its articles' paths; the navigation shows its mark."""

    slug: str = Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")
    name: str = Field(min_length=1)
    mark: str = Field(min_length=1, max_length=2)
    names: dict[str, str] = {}

    def name_in(self, language: str) -> str:
        """The name in a language, or the untranslated name."""
        return self.names.get(language, self.name)


class SocialLink(Part):
    """A link to the site's account elsewhere."""

    name: str = Field(min_length=1)
    url: AnyHttpUrl


class Colours(Part):
    """The seven colours of all pages. Text colours should reach a contrast of 4.5:1 on paper and raised."""

    paper: str = Field(pattern=_COLOUR)
    raised: str = Field(pattern=_COLOUR)
    ink: str = Field(pattern=_COLOUR)
    quiet: str = Field(pattern=_COLOUR)
    rule: str = Field(pattern=_COLOUR)
    accent: str = Field(pattern=_COLOUR)
    second: str = Field(pattern=_COLOUR)


class Palette(Part):
    """Colours for the light and the dark scheme."""

    light: Colours
    dark: Colours


# The default colours. `tests/unit/rendering/test_look.py` holds the stylesheet against them.
LOOK = Palette(
    light=Colours(paper="#fbfaf6", raised="#f2efe7", ink="#15181d", quiet="#575d66", rule="#d8d3c6", accent="#a8231a",
                  second="#0c5a60"),
    dark=Colours(paper="#12151a", raised="#1b2027", ink="#ebe7de", quiet="#a4abb5", rule="#313842", accent="#ff8f7c",
                 second="#7fc9c6"),
)  # fmt: skip


class Site(Part):
    """The site as its owner configured it.

    `logo` (SVG) is used in the masthead and as the icon; `pages` is a folder of Markdown files (about, contact, privacy, …).
    Both paths are relative to the site file. Without them the shipped files are used. `time_zone` is the newsroom's, for times
    in the desk. `public_history` shows readers the versions of an article at `{url}/history`.
    """

    name: str = Field(min_length=1)
    tagline: str
    language: str = "en"
    since: int
    time_zone: TimeZone = "UTC"
    public_history: bool = True
    sections: tuple[Section, ...] = Field(min_length=1)
    social: tuple[SocialLink, ...] = ()
    names: dict[str, str] = {}
    taglines: dict[str, str] = {}
    colours: Palette | None = None
    logo: FilePath | None = None
    pages: DirectoryPath | None = None

    @property
    def zone(self) -> ZoneInfo:
        """The newsroom's time zone."""
        return ZoneInfo(self.time_zone)

    @property
    def palette(self) -> Palette:
        """The configured colours, or the default ones."""
        return self.colours or LOOK

    def name_in(self, language: str) -> str:
        """The site's name in a language, or the untranslated name."""
        return self.names.get(language, self.name)

    def tagline_in(self, language: str) -> str:
        """The tagline in a language, or the untranslated one."""
        return self.taglines.get(language, self.tagline)

    def section(self, slug: str) -> Section | None:
        """The section with this slug, or None."""
        return next((section for section in self.sections if section.slug == slug), None)


def load_site(path: Path | None) -> Site:
    """Read a site file, or the shipped one. Raises SettingsError when it is wrong."""
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
