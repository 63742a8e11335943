"""Rows in pages: whatever is put in and taken out in whatever order, nothing is lost, and pages keep their numbers."""

from dataclasses import replace
from datetime import timedelta
from functools import partial
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from services.rendering.readmodel import paged_list
from services.rendering.readmodel.documents import StoredCard
from services.rendering.readmodel.snapshot import Snapshot
from tests.support.projector import MORNING
from tests.support.read_model import Memory

ROW = replace(paged_list.cards_of("site"), page=3, front_most=5, leaf_most=4)

# An insertion of the card of a minute (hint included), or the removal of one.
changes = st.lists(
    st.tuples(st.sampled_from(["insert", "insert", "insert", "remove"]), st.integers(0, 60), st.integers(0, 9))
)


def a_card(minute: int, headline: str = "") -> StoredCard:
    return StoredCard(
        id=f"{minute:03d}", published_at=MORNING + timedelta(minutes=minute), url=f"/world/{minute}",
        headline=headline, section="world", language="en",
    )  # fmt: skip


def insert(memory: Memory, card: StoredCard, hint: int = 0) -> None:
    memory.change(lambda draft: paged_list.insert(draft, ROW, card, hint))


def remove(memory: Memory, card: StoredCard, hint: int = 0) -> None:
    memory.change(lambda draft: paged_list.remove(draft, ROW, card.key, hint))


def neighbourhood(
    shelf: Snapshot, card: StoredCard, hint: int
) -> tuple[paged_list.Position[StoredCard], StoredCard | None, StoredCard | None]:
    spot = paged_list.spot_of(shelf, ROW, card.key, hint)
    return spot, paged_list.before(shelf, ROW, spot, card.key), paged_list.after(shelf, ROW, spot, card.key)


def number_after(shelf: Snapshot, number: int) -> int | None:
    spot = paged_list.page_of(shelf, ROW, number)
    assert spot is not None
    newer = paged_list.newer_spot(shelf, ROW, spot)
    assert newer is not None
    return newer.number


@settings(max_examples=100, deadline=None)
@given(changes)
def test_a_row_holds_what_was_put_in_and_not_taken_out_in_order_in_pages_of_bounded_size(
    steps: list[tuple[str, int, int]],
) -> None:
    memory, model = Memory(), dict[int, StoredCard]()

    for verb, minute, hint in steps:
        card = a_card(minute, f"written {hint}")
        if verb == "insert":
            insert(memory, card, hint)
            model[minute] = card
        else:
            remove(memory, card, hint)
            model.pop(minute, None)
    pages = memory.rows(ROW)

    assert [card for _, cards in pages for card in cards] == [model[minute] for minute in sorted(model)]
    assert all(len(cards) <= ROW.front_most for _, cards in pages)
    assert len({number for number, _ in pages}) == len(pages)


@settings(max_examples=60, deadline=None)
@given(changes)
def test_every_entry_is_found_from_any_hint_with_the_neighbours_that_it_has(steps: list[tuple[str, int, int]]) -> None:
    memory = Memory()
    for verb, minute, hint in steps:
        (insert if verb == "insert" else remove)(memory, a_card(minute), hint)
    cards = [card for _, page in memory.rows(ROW) for card in page]

    for at, card in enumerate(cards):
        spot, older, newer = memory.ask(partial(neighbourhood, card=card, hint=at))

        assert card in spot.leaf.entries
        assert older in (None, cards[at - 1] if at else None)
        assert newer in (None, cards[at + 1] if at + 1 < len(cards) else None)


@settings(max_examples=60, deadline=None)
@given(changes)
def test_links_lead_from_the_oldest_page_to_the_front_and_back(steps: list[tuple[str, int, int]]) -> None:
    memory = Memory()
    for verb, minute, hint in steps:
        (insert if verb == "insert" else remove)(memory, a_card(minute), hint)
    numbers = [number for number, _ in memory.rows(ROW)]

    for number, after in pairwise(numbers):
        assert number is not None
        assert memory.ask(partial(number_after, number=number)) == after


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 40), max_size=20))
def test_a_page_keeps_its_number_and_its_cards_while_articles_arrive_and_others_go(withdrawn: list[int]) -> None:
    memory = Memory()
    where: dict[str, int] = {}

    for minute in range(60):
        insert(memory, a_card(minute), minute)
        if minute in withdrawn:
            remove(memory, a_card(minute // 2), minute)
        numbered = {card.id: number for number, cards in memory.rows(ROW) for card in cards if number is not None}
        assert all(where.get(card_id, number) == number for card_id, number in numbered.items())
        where |= numbered

    assert max(where.values()) >= 15


def test_pages_are_numbered_from_the_oldest_and_hold_equally_many() -> None:
    memory = Memory()

    for minute in range(12):
        insert(memory, a_card(minute))

    assert [(number, [card.id for card in cards]) for number, cards in memory.rows(ROW)] == [
        (1, ["000", "001", "002"]),
        (2, ["003", "004", "005"]),
        (3, ["006", "007", "008"]),
        (None, ["009", "010", "011"]),
    ]


def test_a_page_that_back_dated_articles_overfill_is_split_and_no_other_number_moves() -> None:
    memory = Memory()
    for minute in range(0, 120, 10):
        insert(memory, a_card(minute))

    for minute in (11, 12, 13):
        insert(memory, a_card(minute))

    assert [(number, [card.id for card in cards]) for number, cards in memory.rows(ROW)] == [
        (1, ["000", "010"]),
        (4, ["011", "012", "013", "020"]),
        (2, ["030", "040", "050"]),
        (3, ["060", "070", "080"]),
        (None, ["090", "100", "110"]),
    ]


def test_an_archive_loaded_from_its_newest_to_its_oldest_stays_in_bounds() -> None:
    memory = Memory()

    for minute in reversed(range(500)):
        insert(memory, a_card(minute), minute)
    pages = memory.rows(ROW)

    assert [card.id for _, cards in pages for card in cards] == [f"{minute:03d}" for minute in range(500)]
    assert all(len(cards) <= ROW.front_most for _, cards in pages)


def test_finding_a_page_by_its_date_reads_few_documents_however_long_the_row() -> None:
    memory = Memory()
    for minute in range(3000):
        insert(memory, a_card(minute), minute)
    memory.loaded = 0

    memory.ask(lambda shelf: paged_list.spot_of(shelf, ROW, a_card(40).key, 1 << 40))

    assert memory.loaded < 25
