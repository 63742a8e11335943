"""What the site is called, its sections and where it is followed: configuration that every service reads alike."""

import tomllib
from pathlib import Path

from pydantic import AnyHttpUrl, BaseModel, ConfigDict, Field

SHIPPED = Path(__file__).with_name("site.toml")


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


class Site(Part):
    """The site as its owner configured it."""

    name: str = Field(min_length=1)
    tagline: str
    language: str = "en"
    since: int
    sections: tuple[Section, ...] = Field(min_length=1)
    social: tuple[SocialLink, ...] = ()
    names: dict[str, str] = {}
    taglines: dict[str, str] = {}

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
    """Read a site file, the shipped one when no path is given; raises pydantic's ValidationError where it is wrong."""
    return Site.model_validate(tomllib.loads((path or SHIPPED).read_text("utf-8")))
