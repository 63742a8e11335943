"""Paged lists: no entry is lost in any order of changes, pages are bounded, and pages keep their numbers."""

from dataclasses import replace
from datetime import timedelta
from functools import partial
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from services.rendering.readmodel import paged_list
from services.rendering.readmodel.documents import StoredCard
from services.rendering.readmodel.snapshot import Snapshot
from tests.support.examples import examples
from tests.support.projector import MORNING
from tests.support.read_model import Memory

PAGED = replace(paged_list.cards_of("site"), page_size=3, front_limit=5, page_limit=4)

# Insert or remove the card of a minute, with a hint.
changes = st.lists(
    st.tuples(st.sampled_from(["insert", "insert", "insert", "remove"]), st.integers(0, 60), st.integers(0, 9))
)


def a_card(minute: int, headline: str = "") -> StoredCard:
    return StoredCard(
        id=f"{minute:03d}", published_at=MORNING + timedelta(minutes=minute), url=f"/world/{minute}",
        headline=headline, section="world", language="en",
    )  # fmt: skip


def insert(memory: Memory, card: StoredCard, hint: int = 0) -> None:
    memory.change(lambda change_set: paged_list.insert(change_set, PAGED, card, hint))


def remove(memory: Memory, card: StoredCard, hint: int = 0) -> None:
    memory.change(lambda change_set: paged_list.remove(change_set, PAGED, card.key, hint))


def neighbourhood(
    snapshot: Snapshot, card: StoredCard, hint: int
) -> tuple[paged_list.Position[StoredCard], StoredCard | None, StoredCard | None]:
    position = paged_list.find_position(snapshot, PAGED, card.key, hint)
    return (
        position,
        paged_list.before(snapshot, PAGED, position, card.key),
        paged_list.after(snapshot, PAGED, position, card.key),
    )


def number_after(snapshot: Snapshot, number: int) -> int | None:
    position = paged_list.page_of(snapshot, PAGED, number)
    assert position is not None
    newer = paged_list.newer_position(snapshot, PAGED, position)
    assert newer is not None
    return newer.number


@settings(max_examples=examples(100), deadline=None)
@given(changes)
def test_list_holds_inserted_cards_in_order_in_bounded_pages(
    steps: list[tuple[str, int, int]],
) -> None:
    memory, model = Memory(), dict[int, StoredCard]()

    for verb, minute, hint in steps:
        card = a_card(minute, f"headline {hint}")
        if verb == "insert":
            insert(memory, card, hint)
            model[minute] = card
        else:
            remove(memory, card, hint)
            model.pop(minute, None)
    pages = memory.pages(PAGED)

    assert [card for _, cards in pages for card in cards] == [model[minute] for minute in sorted(model)]
    assert all(len(cards) <= PAGED.front_limit for _, cards in pages)
    assert len({number for number, _ in pages}) == len(pages)


@settings(max_examples=examples(60), deadline=None)
@given(changes)
def test_entry_and_its_neighbours_are_found_from_any_hint(steps: list[tuple[str, int, int]]) -> None:
    memory = Memory()
    for verb, minute, hint in steps:
        (insert if verb == "insert" else remove)(memory, a_card(minute), hint)
    cards = [card for _, page in memory.pages(PAGED) for card in page]

    for at, card in enumerate(cards):
        position, older, newer = memory.ask(partial(neighbourhood, card=card, hint=at))

        assert card in position.page.entries
        assert older in (None, cards[at - 1] if at else None)
        assert newer in (None, cards[at + 1] if at + 1 < len(cards) else None)


@settings(max_examples=examples(60), deadline=None)
@given(changes)
def test_links_lead_from_the_oldest_page_to_the_front(steps: list[tuple[str, int, int]]) -> None:
    memory = Memory()
    for verb, minute, hint in steps:
        (insert if verb == "insert" else remove)(memory, a_card(minute), hint)
    numbers = [number for number, _ in memory.pages(PAGED)]

    for number, after in pairwise(numbers):
        assert number is not None
        assert memory.ask(partial(number_after, number=number)) == after


@settings(max_examples=examples(30), deadline=None)
@given(st.lists(st.integers(0, 40), max_size=20))
def test_page_keeps_its_number_while_cards_come_and_go(withdrawn: list[int]) -> None:
    memory = Memory()
    numbers: dict[str, int] = {}

    for minute in range(60):
        insert(memory, a_card(minute), minute)
        if minute in withdrawn:
            remove(memory, a_card(minute // 2), minute)
        numbered = {card.id: number for number, cards in memory.pages(PAGED) for card in cards if number is not None}
        assert all(numbers.get(card_id, number) == number for card_id, number in numbered.items())
        numbers |= numbered

    assert max(numbers.values()) >= 15


def test_pages_are_numbered_from_the_oldest_with_equal_sizes() -> None:
    memory = Memory()

    for minute in range(12):
        insert(memory, a_card(minute))

    assert [(number, [card.id for card in cards]) for number, cards in memory.pages(PAGED)] == [
        (1, ["000", "001", "002"]),
        (2, ["003", "004", "005"]),
        (3, ["006", "007", "008"]),
        (None, ["009", "010", "011"]),
    ]


def test_page_overfilled_by_back_dated_cards_is_split() -> None:
    memory = Memory()
    for minute in range(0, 120, 10):
        insert(memory, a_card(minute))

    for minute in (11, 12, 13):
        insert(memory, a_card(minute))

    assert [(number, [card.id for card in cards]) for number, cards in memory.pages(PAGED)] == [
        (1, ["000", "010"]),
        (4, ["011", "012", "013", "020"]),
        (2, ["030", "040", "050"]),
        (3, ["060", "070", "080"]),
        (None, ["090", "100", "110"]),
    ]


def test_archive_inserted_newest_first_stays_in_bounds() -> None:
    memory = Memory()

    for minute in reversed(range(500)):
        insert(memory, a_card(minute), minute)
    pages = memory.pages(PAGED)

    assert [card.id for _, cards in pages for card in cards] == [f"{minute:03d}" for minute in range(500)]
    assert all(len(cards) <= PAGED.front_limit for _, cards in pages)


def test_search_by_date_in_a_long_list_reads_few_documents() -> None:
    memory = Memory()
    for minute in range(3000):
        insert(memory, a_card(minute), minute)
    memory.loaded = 0

    memory.ask(lambda snapshot: paged_list.find_position(snapshot, PAGED, a_card(40).key, 1 << 40))

    assert memory.loaded < 25
