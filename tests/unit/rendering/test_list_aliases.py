"""Rules for list aliases: tags and authors that share a plain slug, and their former addresses."""

from itertools import permutations
from unittest.mock import patch

import pytest

from services.rendering.pages import queries
from services.rendering.projector import article_rules
from services.rendering.readmodel.documents import ListPage, StoredAlias
from services.rendering.readmodel.slugs import slug_of
from shared.events import ArticleWithdrawn, Erased
from tests.support.projector import an_article
from tests.support.read_model import Memory

LANGUAGES = (
    an_article(id="a1", minute=1, tags=("C",)),
    an_article(id="a2", minute=2, tags=("C++", "c++")),
    an_article(id="a3", minute=3, tags=("C#",)),
    an_article(id="a4", minute=4, bylines=("نصر",)),
    an_article(id="a5", minute=5, bylines=("نسر",)),
)


LISTS = ("site", "section:world", "section:africa", "tag:lakes", "tag:salt", "author:ada-byrne")


@pytest.mark.parametrize("order", list(permutations(range(3))), ids=str)
def test_tags_that_share_a_plain_slug_have_lists_of_their_own(order: tuple[int, ...]) -> None:
    memory = Memory()

    for number in order:
        memory.apply(LANGUAGES[number])
    pages = memory.ask(lambda snapshot: queries.fronts_of(snapshot, ["tag:c", "tag:c_z3nrxl", "tag:c_sune2n"]))

    assert {name: (page.title, [card.article_id for card in page.cards]) for name, page in pages.items()} == {
        "tag:c": ("C", ["a1"]),
        "tag:c_z3nrxl": ("c++", ["a2"]),
        "tag:c_sune2n": ("C#", ["a3"]),
    }


def test_lists_and_aliases_are_the_same_after_a_rebuild_in_another_order() -> None:
    changed = [
        LANGUAGES[1].model_copy(update={"version": 2, "tags": ("C#",)}),
        an_article(ArticleWithdrawn, id="a4", version=2, minute=4),
    ]
    compacted = [LANGUAGES[0], changed[0], LANGUAGES[2], changed[1], LANGUAGES[4]]
    live, rebuilt = Memory(), Memory()

    for event in (*LANGUAGES, *changed):
        live.apply(event)
    rebuilt.apply(*reversed(compacted))

    assert _lists(live) == _lists(rebuilt)
    assert _lists(live) | {
        "list:tag:c:front": ("a1",),
        "list:tag:c_sune2n:front": ("a2", "a3"),
        "list:author:nsr_qpoer5:front": ("a5",),
        "alias:tag:c": ("tag:c_sune2n",),
        "alias:author:nsr": ("author:nsr_qpoer5",),
    } == _lists(live)


def _lists(memory: Memory) -> dict[str, tuple[str, ...]]:
    """The lists of all aliases, and the articles of all lists."""
    found: dict[str, tuple[str, ...]] = {}
    for name, document in memory.documents.items():
        if isinstance(document, StoredAlias):
            found[name] = document.lists
        elif name.startswith("list:"):
            assert isinstance(document, ListPage)
            found[name] = tuple(card.id for card in document.entries)
    return found


def test_former_address_leads_to_the_list_with_the_newest_article() -> None:
    memory = Memory()
    memory.apply(LANGUAGES[1])
    before = memory.ask(lambda snapshot: queries.aliases_of(snapshot, "tag:c"))

    memory.apply(LANGUAGES[2])
    after = memory.ask(lambda snapshot: queries.aliases_of(snapshot, "tag:c"))

    assert before == ("tag:c_z3nrxl",)
    assert after == ("tag:c_sune2n", "tag:c_z3nrxl")
    assert memory.ask(lambda snapshot: queries.aliases_of(snapshot, "tag:lakes")) == ()


def test_alias_ends_with_the_last_article_of_its_lists() -> None:
    memory = Memory()
    memory.apply(LANGUAGES[1], LANGUAGES[2])

    touched = memory.apply(Erased(id="a2"), an_article(ArticleWithdrawn, id="a3", version=2, minute=3))

    assert "alias:tag:c" in touched
    assert "alias:tag:c" not in memory.documents


def test_redelivery_corrects_the_lists_of_an_earlier_release() -> None:
    memory = Memory()
    with patch.object(article_rules, "slug_of", lambda name: slug_of(name).partition("_")[0]):
        memory.apply(*LANGUAGES)
    earlier = _lists(memory)

    memory.apply(LANGUAGES[1].model_copy(update={"version": 0}))
    outdated = _lists(memory)
    memory.apply(*LANGUAGES)

    assert earlier == outdated
    assert earlier["list:tag:c:front"] == ("a1", "a2", "a3")
    current = Memory()
    current.apply(*LANGUAGES)
    assert _lists(memory) == _lists(current)


def test_article_with_plain_names_has_no_alias() -> None:
    memory = Memory()

    memory.apply(an_article(id="a1", tags=("Port Halim",), bylines=("Zoë Quentin",)))

    assert not [name for name in memory.documents if name.startswith("alias:")]
