"""Names of the read model's documents, of lists, and of what both processes share.

A document's `_id` is its name. A page depends on the documents that it was made from; `pages.v1` announces their changes:

    article:<id>                    an article's state
    path:<path>                     the article at a public path
    history:<article id>            an article's public versions, with the differences between them
    list:<list>:front               the newest cards of a list; `<list>` is site, section:<slug>, tag:<slug> or author:<slug>
    list:<list>:<number>            an older page of it; numbers count from the oldest
    alias:<list>                    lists that once had the address of this one (slugs.py); `<list>` is a tag's or an author's
    comments:<article id>           the newest threads under an article
    comments:<article id>:<number>  older threads; numbers count from the oldest
    discussion:<article id>         whether readers may comment on an article, and the number of its comments
    best:<article id>               the openers of its threads that readers like best
    parent:<comment id>             the name of a comment that is answered in another thread
    comment:<id>                    what the projector must know of a comment; no page depends on it
    sitemap                         the time of the last change of each numbered page of sitemap entries
    sitemap:front                   the newest sitemap entries
    sitemap:<number>                older sitemap entries; numbers count from the oldest
    corrections:front               the newest corrections
    corrections:<number>            older corrections; numbers count from the oldest
    read-model                      the number of the read model; it changes when a rebuilt one takes over
"""

DATABASE = "rendering"
PROJECTOR_GROUP = "rendering-projector"
SITE = "site"
# File names of a list's feeds, below the list's path.
FEED_FILES = ("feed.xml", "atom.xml", "feed.json")
READ_MODEL = "read-model"
SITEMAP = "sitemap"
CORRECTIONS = "corrections"


def article_name(article_id: str) -> str:
    """Name of an article."""
    return f"article:{article_id}"


def article_id_of(dependency: str) -> str | None:
    """The article whose document has this name, or None for a name of another kind."""
    return dependency.removeprefix("article:") if dependency.startswith("article:") else None


def card_name(article_id: str) -> str:
    """Name of an article's card. Not a document: a version that no page with this card may fall behind."""
    return f"card:{article_id}"


def history_name(article_id: str) -> str:
    """Name of an article's public versions."""
    return f"history:{article_id}"


def path_name(path: str) -> str:
    """Name of a public path."""
    return f"path:{path}"


def path_of(dependency: str) -> str | None:
    """The public path in a name, or None for a name of another kind."""
    return dependency.removeprefix("path:") if dependency.startswith("path:") else None


def list_base(listing: str) -> str:
    """Common beginning of the names of a list's pages."""
    return f"list:{listing}"


def front_name(listing: str) -> str:
    """Name of a list's newest cards."""
    return f"list:{listing}:front"


def is_front(name: str) -> bool:
    """Whether this is the name of a list's newest cards."""
    return name.startswith("list:") and name.endswith(":front")


def alias_name(listing: str) -> str:
    """Name of the document with the lists that once had this list's address."""
    return f"alias:{listing}"


def threads_name(article_id: str) -> str:
    """Name of an article's newest threads, and common beginning of the names of the older ones."""
    return f"comments:{article_id}"


def discussion_name(article_id: str) -> str:
    """Name of the state of an article's discussion; also the id of the events about it."""
    return f"discussion:{article_id}"


def count_name(article_id: str) -> str:
    """Name of an article's number of comments in lists. Not a document: a version that no list may fall behind for long."""
    return f"count:{article_id}"


def discussed_article(name: str) -> str | None:
    """The article whose discussion has this name, or None for a name of another kind."""
    return name.removeprefix("discussion:") if name.startswith("discussion:") else None


def best_name(article_id: str) -> str:
    """Name of the best openers of an article's threads."""
    return f"best:{article_id}"


def parent_name(comment_id: str) -> str:
    """Name of the document about a comment that is answered in another thread."""
    return f"parent:{comment_id}"


def comment_name(comment_id: str) -> str:
    """Name of a comment."""
    return f"comment:{comment_id}"


def section_list(section: str) -> str:
    """The list of a section."""
    return f"section:{section}"


def tag_list(slug: str) -> str:
    """The list of a tag."""
    return f"tag:{slug}"


def author_list(slug: str) -> str:
    """The list of an author."""
    return f"author:{slug}"
