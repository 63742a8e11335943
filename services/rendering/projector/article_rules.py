"""How an article's event changes the read model: its own document, its paths, its cards in lists. Pure."""

from collections.abc import Mapping
from functools import partial

from services.rendering.projector import sitemap_rules
from services.rendering.readmodel import paged_list
from services.rendering.readmodel.documents import (
    Document,
    StoredArticle,
    StoredCard,
    StoredCardPage,
    StoredPath,
    StoredSitemapPage,
    StoredThreadPage,
)
from services.rendering.readmodel.names import (
    SITE,
    article_name,
    author_list,
    front_name,
    path_name,
    section_list,
    slug_of,
    tag_list,
)
from services.rendering.readmodel.snapshot import ChangeSet, gather
from shared.events import ArticleState

Touched = tuple[str, ...]


def project_article(draft: ChangeSet, event: ArticleState) -> Touched:
    """Apply an article's event, unless a later one was. Returns all that it changed, also when that was some time ago."""
    name = article_name(event.id)
    lists = lists_of(event)
    _ask_at_once(draft, event, lists)
    known = draft.get(name, StoredArticle)
    if known is not None and (known.erased or event.version <= known.seen):
        return known.touched
    _ask_for_places(draft, known)
    _move_paths(draft, event.id, known, paths_of(event))
    card = _card(known, event)
    hints = _move_cards(draft, known, card, lists)
    place = sitemap_rules.move(draft, known, event)
    state = _without_surplus(event)
    article = StoredArticle(seen=event.version, state=state, card_version=card.version, lists=hints, place=place)
    return _keep(draft, name, article)


def erase_article(draft: ChangeSet, article_id: str) -> Touched:
    """Forget an article: all that stays is its id, so that an old event that comes late does not bring it back."""
    name = article_name(article_id)
    known = draft.get(name, StoredArticle)
    if known is not None and known.erased:
        return known.touched
    _ask_for_places(draft, known)
    _move_paths(draft, article_id, known, {})
    _move_cards(draft, known, None, {})
    sitemap_rules.move(draft, known, None)
    _drop_threads(draft, article_id)
    return _keep(draft, name, StoredArticle(seen=known.seen if known else 0, erased=True))


def lists_of(event: ArticleState) -> dict[str, str]:
    """The lists in which an article's card stands, with the title that it gives them; none for a withdrawn one."""
    if event.status != "published":
        return {}
    tags = {tag_list(slug): tag for tag in event.tags if (slug := slug_of(tag))}
    authors = {author_list(slug): name for name in event.bylines if (slug := slug_of(name))}
    return {SITE: "", section_list(event.section): ""} | tags | authors


def paths_of(event: ArticleState) -> dict[str, StoredPath]:
    """The public paths that an article has, and what they lead to."""
    former = dict.fromkeys(event.former_urls, "former")
    states = former | {event.url: "current"}
    if event.status != "published":
        states = dict.fromkeys(states, "withdrawn")
    return {path: StoredPath.model_validate({"article_id": event.id, "state": state}) for path, state in states.items()}


def card_of(event: ArticleState, version: int) -> StoredCard:
    """An article's card as of a version."""
    return StoredCard(
        id=event.id,
        published_at=event.published_at,
        url=event.url,
        headline=event.headline,
        section=event.section,
        language=event.language,
        standfirst=event.standfirst,
        bylines=event.bylines,
        picture=event.lead_image,
        version=version,
    )


def _card(known: StoredArticle | None, event: ArticleState) -> StoredCard:
    """The article's card; of the version that it had if nothing on it has changed, so that no list moves for nothing."""
    if known is not None and known.state is not None and known.state.status == "published":
        before = card_of(known.state, known.card_version)
        if before == card_of(event, known.card_version):
            return before
    return card_of(event, event.version)


def _ask_at_once(draft: ChangeSet, event: ArticleState, lists: Mapping[str, str]) -> None:
    """Name everything that is sure to be needed, so that it is loaded by one query."""
    wanted: dict[str, type[Document]] = {article_name(event.id): StoredArticle}
    wanted |= {path_name(path): StoredPath for path in paths_of(event)}
    wanted |= {front_name(listing): StoredCardPage for listing in lists}
    draft.need(wanted | {paged_list.SITEMAP_ENTRIES.front: StoredSitemapPage})


def _ask_for_places(draft: ChangeSet, known: StoredArticle | None) -> None:
    """The same for where the article has been so far: its paths, its lists' fronts, then the pages that its card is on."""
    if known is None or known.state is None:
        return
    rows = {listing: paged_list.cards_of(listing) for listing in known.lists}
    paths: dict[str, type[Document]] = {path_name(path): StoredPath for path in paths_of(known.state)}
    draft.need(
        paths | {row.front: row.kind for row in rows.values()} | {paged_list.SITEMAP_ENTRIES.front: StoredSitemapPage}
    )
    key = (known.state.published_at, known.state.id)
    pages: dict[str, type[Document]] = {
        row.leaf_name(known.lists[listing]): row.kind
        for listing, row in rows.items()
        if key < paged_list.front_of(draft, row).leaf.lower
    }
    draft.need({**pages, **sitemap_rules.wanted(draft, known, key)})


def _move_paths(
    draft: ChangeSet, article_id: str, known: StoredArticle | None, wanted: Mapping[str, StoredPath]
) -> None:
    before = paths_of(known.state) if known is not None and known.state is not None else {}
    for path in before.keys() - wanted.keys():
        _set_path(draft, article_id, path, None)
    for path, document in wanted.items():
        _set_path(draft, article_id, path, document)


def _set_path(draft: ChangeSet, article_id: str, path: str, document: StoredPath | None) -> None:
    """Claim or leave a path. Only an article that now lives there may take it from another."""
    name = path_name(path)
    owner = draft.get(name, StoredPath)
    mine = owner is None or owner.article_id == article_id
    if mine or (document is not None and document.state == "current"):
        draft.put(name, document, StoredPath)


def _move_cards(
    draft: ChangeSet, known: StoredArticle | None, card: StoredCard | None, lists: Mapping[str, str]
) -> dict[str, int]:
    """Put the card where it now belongs and take it from where it does not; returns where to find it."""
    before = dict(known.lists) if known is not None else {}
    old_key = (known.state.published_at, known.state.id) if known is not None and known.state is not None else None
    for listing, hint in before.items():
        if old_key is not None and (listing not in lists or card is None or card.key != old_key):
            paged_list.remove(draft, paged_list.cards_of(listing), old_key, hint)
    if card is None:
        return {}
    moves = (
        partial(paged_list.insert, draft, paged_list.cards_of(listing), card, before.get(listing, 0), title)
        for listing, title in lists.items()
    )
    return dict(zip(lists, gather(moves), strict=True))


def _drop_threads(draft: ChangeSet, article_id: str) -> None:
    row = paged_list.threads_of(article_id)
    front = draft.get(row.front, StoredThreadPage)
    if front is not None:
        names = [row.leaf_name(number) for number in (*range(1, front.last_number + 1), None)]
        draft.need(dict.fromkeys(names, StoredThreadPage))
        for name in names:
            draft.put(name, None, StoredThreadPage)


def _without_surplus(event: ArticleState) -> ArticleState:
    """What pages need of an article: not its Markdown, and of a withdrawn one nothing that it said."""
    state = ArticleState.model_validate(event, from_attributes=True).model_copy(update={"body_markdown": ""})
    if event.status == "published":
        return state
    nothing = {"headline": "", "standfirst": "", "body_html": "", "bylines": (), "tags": (), "lead_image": None}
    return state.model_copy(update=nothing | {"corrections": ()})


def _keep(draft: ChangeSet, name: str, article: StoredArticle) -> Touched:
    touched = (name, *draft.changes)
    draft.put(name, article.model_copy(update={"touched": touched}), StoredArticle)
    return touched
