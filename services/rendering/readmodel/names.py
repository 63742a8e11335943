"""How things are called: dependencies (which are the read model's keys), lists, and the slugs of tags and authors.

A dependency is one document of the read model, by its `_id`, and what `pages.v1` says has moved:

    article:<id>                  an article's state
    path:<path>                   what stands at a public path
    list:<list>:front             the newest cards of a list; `<list>` is site, section:<slug>, tag:<slug>, author:<slug>
    list:<list>:<number>          an older page of it, counted from the oldest
    comments:<article id>         the newest threads under an article, and their total
    comments:<article id>:<number>  older threads, counted from the oldest
    comment:<id>                  what is known of one comment; no page hangs on it
    sitemap                       when each numbered page of the articles' addresses last changed
    sitemap:front                 the newest articles' addresses
    sitemap:<number>              older ones, counted from the oldest
    read-model                    the number of the read model itself: it moves when a rebuilt one takes its place
"""

from functools import lru_cache

from anyascii import anyascii
from slugify import slugify

DATABASE = "rendering"
PROJECTOR_GROUP = "rendering-projector"
SITE = "site"
# File names of a list's feeds, below the list's path.
FEED_FILES = ("feed.xml", "atom.xml", "feed.json")
READ_MODEL = "read-model"
SITEMAP = "sitemap"
_LONGEST_SLUG = 80


def article_name(article_id: str) -> str:
    """An article's dependency."""
    return f"article:{article_id}"


def card_name(article_id: str) -> str:
    """What a page shows of an article beside others: no document, but a version that no page may fall behind."""
    return f"card:{article_id}"


def path_name(path: str) -> str:
    """A public path's dependency."""
    return f"path:{path}"


def path_of(dependency: str) -> str | None:
    """The public path that a dependency is for; None for any other."""
    return dependency.removeprefix("path:") if dependency.startswith("path:") else None


def list_series(listing: str) -> str:
    """The row of a list: what its pages' names begin with."""
    return f"list:{listing}"


def front_name(listing: str) -> str:
    """The dependency of a list's newest cards."""
    return f"list:{listing}:front"


def is_front(name: str) -> bool:
    """Whether a dependency is the newest cards of a list."""
    return name.startswith("list:") and name.endswith(":front")


def threads_name(article_id: str) -> str:
    """The row of an article's threads, and the dependency of its newest."""
    return f"comments:{article_id}"


def comment_name(comment_id: str) -> str:
    """What is known of a comment."""
    return f"comment:{comment_id}"


@lru_cache(maxsize=10_000)
def slug_of(text: str) -> str:
    """The last part of a tag's or an author's path, in ASCII whatever the script; empty when nothing of it can be written."""
    return slugify(anyascii(text), max_length=_LONGEST_SLUG, word_boundary=True)


def section_list(section: str) -> str:
    """The list of a section."""
    return f"section:{section}"


def tag_list(slug: str) -> str:
    """The list of a tag."""
    return f"tag:{slug}"


def author_list(slug: str) -> str:
    """The list of an author."""
    return f"author:{slug}"
