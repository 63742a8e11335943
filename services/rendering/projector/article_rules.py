"""Rules for article events: the article's document, its paths, history, cards, sitemap entry, corrections. Pure."""

from collections.abc import Iterable, Mapping
from functools import partial

from services.rendering.projector import correction_rules, sitemap_rules
from services.rendering.readmodel import paged_list
from services.rendering.readmodel.documents import (
    Document,
    StoredAlias,
    StoredArticle,
    StoredBest,
    StoredCard,
    StoredCardPage,
    StoredDiscussion,
    StoredHistory,
    StoredParent,
    StoredPath,
    StoredSitemapPage,
    StoredThreadPage,
)
from services.rendering.readmodel.names import (
    SITE,
    alias_name,
    article_name,
    author_list,
    best_name,
    discussion_name,
    front_name,
    history_name,
    parent_name,
    path_name,
    section_list,
    tag_list,
)
from services.rendering.readmodel.slugs import plain_list, slug_of
from services.rendering.readmodel.snapshot import ChangeSet, gather
from shared.events import ArticleState, PublicVersion

Touched = tuple[str, ...]


def project_article(change_set: ChangeSet, event: ArticleState) -> Touched:
    """Apply an article's event unless it is outdated. Returns the names of all documents that the last event changed."""
    name = article_name(event.id)
    lists = lists_of(event)
    _need_for_event(change_set, event, lists)
    known = change_set.get(name, StoredArticle)
    if known is not None and _is_applied(known, event):
        return known.touched
    _need_for_known(change_set, known)
    _update_paths(change_set, event.id, known, paths_of(event))
    card = _card(known, event)
    hints = _update_cards(change_set, known, card, lists)
    sitemap_hint = sitemap_rules.update_entry(change_set, known, event)
    correction_hints = correction_rules.update_entries(change_set, known, event)
    _put_history(change_set, event.id, versions_of(event))
    article = StoredArticle(
        seen=event.version,
        state=_without_surplus(event),
        card_version=card.version,
        lists=hints,
        place=sitemap_hint,
        correction_hints=correction_hints,
        public_versions=len(versions_of(event)),
    )
    return _keep(change_set, name, article)


def erase_article(change_set: ChangeSet, article_id: str) -> Touched:
    """Erase an article. Its id stays, so that an old event that arrives late cannot bring it back."""
    name = article_name(article_id)
    known = change_set.get(name, StoredArticle)
    if known is not None and known.erased:
        return known.touched
    change_set.need(
        {
            history_name(article_id): StoredHistory,
            discussion_name(article_id): StoredDiscussion,
            best_name(article_id): StoredBest,
        }
    )
    _need_for_known(change_set, known)
    _update_paths(change_set, article_id, known, {})
    _update_cards(change_set, known, None, {})
    sitemap_rules.update_entry(change_set, known, None)
    correction_rules.update_entries(change_set, known, None)
    _put_history(change_set, article_id, ())
    _drop_threads(change_set, article_id)
    change_set.put(discussion_name(article_id), None, StoredDiscussion)
    change_set.put(best_name(article_id), None, StoredBest)
    return _keep(change_set, name, StoredArticle(seen=known.seen if known else 0, erased=True))


def _is_applied(known: StoredArticle, event: ArticleState) -> bool:
    if known.erased or event.version != known.seen:
        return known.erased or event.version < known.seen
    # Earlier releases had another rule for slugs. A redelivered event moves the article to its current lists.
    is_in_its_lists = known.state is None or lists_of(known.state).keys() == known.lists.keys()
    # Republished events follow the newsroom's switch for public histories.
    return is_in_its_lists and known.public_versions == len(versions_of(event))


def lists_of(event: ArticleState) -> dict[str, str]:
    """The lists with an article's card, each with its title as this article writes it. None if withdrawn."""
    if event.status != "published":
        return {}
    tags = {tag_list(slug): tag for tag in event.tags if (slug := slug_of(tag))}
    authors = {author_list(slug): name for name in event.bylines if (slug := slug_of(name))}
    return {SITE: "", section_list(event.section): ""} | tags | authors


def versions_of(event: ArticleState) -> tuple[PublicVersion, ...]:
    """The public versions that readers may see. None if withdrawn."""
    return event.history if event.status == "published" else ()


def paths_of(event: ArticleState) -> dict[str, StoredPath]:
    """The public paths of an article, with their documents."""
    former = dict.fromkeys(event.former_urls, "former")
    states = former | {event.url: "current"}
    if event.status != "published":
        states = dict.fromkeys(states, "withdrawn")
    return {path: StoredPath.model_validate({"article_id": event.id, "state": state}) for path, state in states.items()}


def card_of(event: ArticleState, version: int) -> StoredCard:
    """The card of an article."""
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
    """The article's card. An unchanged card keeps its version, so that no list changes."""
    if known is not None and known.state is not None and known.state.status == "published":
        before = card_of(known.state, known.card_version)
        if before == card_of(event, known.card_version):
            return before
    return card_of(event, event.version)


def _need_for_event(change_set: ChangeSet, event: ArticleState, lists: Mapping[str, str]) -> None:
    """Load everything that the event needs in any case with one query."""
    wanted: dict[str, type[Document]] = {article_name(event.id): StoredArticle, history_name(event.id): StoredHistory}
    wanted |= {path_name(path): StoredPath for path in paths_of(event)}
    wanted |= {front_name(listing): StoredCardPage for listing in lists} | _aliases_of(lists)
    wanted |= correction_rules.wanted(event)
    change_set.need(wanted | {paged_list.SITEMAP_ENTRIES.front: StoredSitemapPage})


def _need_for_known(change_set: ChangeSet, known: StoredArticle | None) -> None:
    """Load what the article had so far: its paths and the fronts of its lists, then the pages with its card."""
    if known is None or known.state is None:
        return
    paged_lists = {listing: paged_list.cards_of(listing) for listing in known.lists}
    wanted: dict[str, type[Document]] = {path_name(path): StoredPath for path in paths_of(known.state)}
    wanted |= {paged.front: paged.kind for paged in paged_lists.values()} | _aliases_of(known.lists)
    wanted |= correction_rules.wanted(known.state)
    change_set.need(wanted | {paged_list.SITEMAP_ENTRIES.front: StoredSitemapPage})
    key = (known.state.published_at, known.state.id)
    pages: dict[str, type[Document]] = {
        paged.page_name(known.lists[listing]): paged.kind
        for listing, paged in paged_lists.items()
        if key < paged_list.front_of(change_set, paged).page.lower
    }
    change_set.need({**pages, **sitemap_rules.wanted(change_set, known, key)})


def _update_paths(
    change_set: ChangeSet, article_id: str, known: StoredArticle | None, wanted: Mapping[str, StoredPath]
) -> None:
    before = paths_of(known.state) if known is not None and known.state is not None else {}
    for path in before.keys() - wanted.keys():
        _set_path(change_set, article_id, path, None)
    for path, document in wanted.items():
        _set_path(change_set, article_id, path, document)


def _set_path(change_set: ChangeSet, article_id: str, path: str, document: StoredPath | None) -> None:
    """Set or release a path. Only an article whose current path it is may take it from another article."""
    name = path_name(path)
    owner = change_set.get(name, StoredPath)
    is_free = owner is None or owner.article_id == article_id
    if is_free or (document is not None and document.state == "current"):
        change_set.put(name, document, StoredPath)


def _update_cards(
    change_set: ChangeSet, known: StoredArticle | None, card: StoredCard | None, lists: Mapping[str, str]
) -> dict[str, int]:
    """Insert the card into its lists and remove it from others. Returns its lists with the hints for its pages."""
    before = dict(known.lists) if known is not None else {}
    old_key = (known.state.published_at, known.state.id) if known is not None and known.state is not None else None
    for listing, hint in before.items():
        if old_key is not None and (listing not in lists or card is None or card.key != old_key):
            paged_list.remove(change_set, paged_list.cards_of(listing), old_key, hint)
    hints: dict[str, int] = {}
    if card is not None:
        hints = _insert_card(change_set, card, lists, before)
    for listing in dict.fromkeys([*before, *lists]):
        _update_alias(change_set, listing)
    return hints


def _insert_card(
    change_set: ChangeSet, card: StoredCard, lists: Mapping[str, str], hints: Mapping[str, int]
) -> dict[str, int]:
    inserts = (
        partial(paged_list.insert, change_set, paged_list.cards_of(listing), card, hints.get(listing, 0), title)
        for listing, title in lists.items()
    )
    return dict(zip(lists, gather(inserts), strict=True))


def _aliases_of(lists: Iterable[str]) -> dict[str, type[Document]]:
    return {alias_name(plain): StoredAlias for listing in lists if (plain := plain_list(listing)) is not None}


def _update_alias(change_set: ChangeSet, listing: str) -> None:
    """Name a list at its former address while it has a front. Depends on the fronts alone, not on the order of events."""
    plain = plain_list(listing)
    if plain is None:
        return
    name = alias_name(plain)
    before = change_set.get(name, StoredAlias) or StoredAlias()
    others = {one for one in before.lists if one != listing}
    exists = change_set.get(front_name(listing), StoredCardPage) is not None
    lists = tuple(sorted(others | {listing} if exists else others))
    change_set.put(name, StoredAlias(lists=lists) if lists else None, StoredAlias)


def _put_history(change_set: ChangeSet, article_id: str, versions: tuple[PublicVersion, ...]) -> None:
    document = StoredHistory(versions=versions) if versions else None
    change_set.put(history_name(article_id), document, StoredHistory)


def _drop_threads(change_set: ChangeSet, article_id: str) -> None:
    paged = paged_list.threads_of(article_id)
    front = change_set.get(paged.front, StoredThreadPage)
    if front is not None:
        names = [paged.page_name(number) for number in (*range(1, front.last_number + 1), None)]
        change_set.need(dict.fromkeys(names, StoredThreadPage))
        _drop_parents(change_set, [page for name in names if (page := change_set.get(name, StoredThreadPage))])
        for name in names:
            change_set.put(name, None, StoredThreadPage)


def _drop_parents(change_set: ChangeSet, pages: Iterable[StoredThreadPage]) -> None:
    """Delete the names of comments that are answered in other threads: a reply in a thread of its own, and its parent."""
    comments = (c for page in pages for thread in page.entries for c in thread.comments if c.id == thread.id)
    names = [parent_name(name) for c in comments if c.parent_id is not None for name in (c.id, c.parent_id)]
    change_set.need(dict.fromkeys(names, StoredParent))
    for name in names:
        change_set.put(name, None, StoredParent)


def _without_surplus(event: ArticleState) -> ArticleState:
    """The part of the state that pages need: no Markdown, no history; of a withdrawn article, no content."""
    state = ArticleState.model_validate(event, from_attributes=True)
    state = state.model_copy(update={"body_markdown": "", "history": ()})
    if event.status == "published":
        return state
    nothing = {"headline": "", "standfirst": "", "body_html": "", "bylines": (), "tags": (), "lead_image": None}
    return state.model_copy(update=nothing | {"corrections": ()})


def _keep(change_set: ChangeSet, name: str, article: StoredArticle) -> Touched:
    touched = (name, *change_set.changes)
    change_set.put(name, article.model_copy(update={"touched": touched}), StoredArticle)
    return touched
