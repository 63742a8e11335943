"""What a change of a picture does to an article, as pure functions."""

import pytest

from services.ingestion.articles import rules
from services.ingestion.articles.records import Change
from services.ingestion.articles.rules import Content, event_of, picture_faults
from services.ingestion.pictures.records import BodyPicture, LeadImage, PictureText
from tests.support.drafts import CONTENT, INES, a_draft, after
from tests.support.pictures import a_record

FIRST = a_record("p1")
SECOND = a_record("p1", version=2, stamp="ffffffff", alt="Another ferry", credit="Ana")


def a_lead(inherited: tuple[PictureText, ...] = ("alt", "credit"), **texts: str) -> LeadImage:
    fields = {"alt": "", "caption": "Own", "credit": "", **texts}
    return LeadImage(url="", media_id="p1", inherited=inherited, **fields)


def with_lead(lead: LeadImage) -> Content:
    return CONTENT.model_copy(update={"lead_image": lead})


def test_lead_picture_follows_its_picture_in_what_it_inherits() -> None:
    first = a_lead().resolved(FIRST)
    second = first.resolved(SECOND)
    gone = second.resolved(None)

    assert (first.url, first.alt, first.caption, first.credit) == (
        FIRST.facts.original_path, "A ferry", "Own", "Ines Halloran",
    )  # fmt: skip
    assert (second.url, second.alt, second.caption, second.credit) == (
        SECOND.facts.original_path, "Another ferry", "Own", "Ana",
    )  # fmt: skip
    assert first.chosen == second.chosen == gone.chosen == a_lead()
    assert (second.is_gone, gone.is_gone) == (False, True)
    by_address = LeadImage(url="/media/a.jpg", alt="A")
    assert by_address.resolved(FIRST) == by_address.chosen == by_address
    assert by_address.model_dump() == {"url": "/media/a.jpg", "alt": "A", "caption": "", "credit": ""}


def test_new_facts_are_a_new_public_version_of_the_same_text() -> None:
    draft = a_draft().model_copy(update={"working": with_lead(a_lead().resolved(FIRST))})
    public = rules.publish(draft, at=after(1))
    saved = rules.autosave(public, public.working, slug_is_chosen=False, by=INES, at=after(2))
    unrevised = rules.autosave(saved, public.working, slug_is_chosen=False, by=INES, at=after(3))
    shown = with_lead(a_lead().resolved(SECOND))

    once = rules.show_pictures(unrevised, shown, shown, at=after(4))
    twice = rules.show_pictures(once, shown, shown, at=after(5))

    event, before = event_of(twice), event_of(public)
    assert event is not None
    assert before is not None
    assert (event.version, event.updated_at) == (6, before.updated_at)
    assert event.lead_image is not None
    assert event.lead_image.media == SECOND.facts
    assert (twice.version, twice.text_version, twice.unrevised) == (6, 4, unrevised.unrevised)
    assert unrevised.unrevised is not None
    assert not Change("picture", INES, once, twice).revisions
    edited = rules.edit(twice, CONTENT, slug_is_chosen=False, by=INES, at=after(6))
    assert edited.text_version == edited.version == 7


def test_facts_of_pictures_are_no_change_of_the_text() -> None:
    draft = a_draft().model_copy(update={"working": with_lead(a_lead().resolved(FIRST))})
    public = rules.publish(draft, at=after(1))

    def edited(content: Content) -> bool:
        return rules.edit(public, content, slug_is_chosen=False, by=INES, at=after(2)).changed

    assert not edited(with_lead(a_lead().resolved(SECOND)))
    assert edited(with_lead(a_lead(("credit",), alt="Own").resolved(FIRST)))
    assert edited(CONTENT)


@pytest.mark.parametrize("status", ["draft", "published", "withdrawn"])
def test_uses_are_of_the_working_copy_and_of_what_readers_see(status: str) -> None:
    body = CONTENT.model_copy(update={"body_pictures": (BodyPicture(id="p2", version=1),)})
    article = a_draft().model_copy(update={"working": with_lead(a_lead().resolved(FIRST))})
    if status != "draft":
        article = rules.publish(article, at=after(1))
    if status == "withdrawn":
        article = rules.withdraw(article, at=after(2))

    edited = rules.edit(article, body, slug_is_chosen=False, by=INES, at=after(3))

    is_public = status == "published"
    assert edited.picture_ids == (("p2", "p1") if is_public else ("p2",))
    assert edited.lead_picture_ids == (("p1",) if is_public else ())


def test_each_fault_is_named_once() -> None:
    pictures = (
        *(BodyPicture(id="p2", version=1, lacks_alt=True), BodyPicture(id="p9", version=None)),
        *(BodyPicture(id="p2", version=1, lacks_alt=True), BodyPicture(id="p1", version=1)),
    )
    content = with_lead(a_lead().resolved(None)).model_copy(update={"body_pictures": pictures})

    assert [(fault.pointer, fault.media_id, fault.fault) for fault in picture_faults(content)] == [
        ("/lead_image/media_id", "p1", "unknown"), ("/body_markdown", "p2", "no_alt"), ("/body_markdown", "p9", "unknown"),
    ]  # fmt: skip
