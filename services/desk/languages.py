"""Languages that an article may have, for the editor's list: the site's first, then others that its region reads."""

from collections.abc import Sequence
from dataclasses import dataclass

from babel import Locale, UnknownLocaleError

from shared.site.site import Site
from shared.site.words import direction

# Widely read languages of the Middle East, Africa and their neighbours, beyond those that the site file names.
_OTHERS = (
    *("am", "ar", "bn", "de", "en", "es", "fa", "fr", "ha", "he", "hi", "id", "ig", "it", "ku", "om", "pt", "ru"),
    *("so", "sw", "ti", "tr", "ur", "yo", "zh", "zu"),
)


@dataclass(frozen=True)
class LanguageChoice:
    """A language in a list: its tag, its name in the interface's language, its direction (`ltr` or `rtl`)."""

    code: str
    name: str
    dir: str


@dataclass(frozen=True)
class LanguageChoices:
    """The site's languages, then the others by name. `chosen` is one of them."""

    chosen: str
    own: Sequence[LanguageChoice]
    others: Sequence[LanguageChoice]


def language_choices(site: Site, interface: str, article: str) -> LanguageChoices:
    """The languages to choose from. `interface` is the page's language; `article` the article's, empty for a new one.

    The article's own language is always among them, also a tag such as `pt-BR`.
    """
    named = {code for section in site.sections for code in section.names} | set(site.names) | set(site.taglines)
    own = [site.language, *sorted(named - {site.language})]
    if article and article not in own:
        own.append(article)
    others = [_choice(code, interface) for code in _OTHERS if code not in own]
    return LanguageChoices(
        article or site.language,
        tuple(_choice(code, interface) for code in own),
        tuple(sorted(others, key=lambda choice: choice.name.casefold())),
    )


def _choice(code: str, interface: str) -> LanguageChoice:
    try:
        name = Locale.parse(code, sep="-").get_display_name(interface)
    except (UnknownLocaleError, ValueError):
        name = None
    return LanguageChoice(code, f"{name[0].upper()}{name[1:]}" if name else code, direction(code))
