"""Nasty texts through the rules of comments: each is refused with a sentence, or has a verdict, a message and sound HTML."""

from dataclasses import replace

import pytest
from pydantic import TypeAdapter, ValidationError

from services.comments.model.fields import Body, Name
from services.comments.model.records import ModerationRule
from services.comments.model.text import to_html
from services.comments.pipeline.author_message import author_message
from services.comments.pipeline.decide import decide
from services.comments.pipeline.facts import Facts
from services.rendering.pages.comment_models import CommentsView, CommentView, ThreadView
from tests.support import look_samples as samples
from tests.support.html_pages import TEMPLATES, elements, parsed
from tests.support.nasty_texts import NASTY, REFUSED, TEXTS

RULE = ModerationRule(
    "post", 1, banned_words=("dick", "ass", "arsch", "rapist", "بالع", "🍆"), suspect_words=("cum", "evil.example", "light*"),
)  # fmt: skip
_body: TypeAdapter[str] = TypeAdapter(Body)
_name: TypeAdapter[str] = TypeAdapter(Name)


def test_text_that_cannot_be_shown_is_refused() -> None:
    for text in REFUSED:
        with pytest.raises(ValidationError):
            _body.validate_python(text)


@pytest.mark.parametrize("kind", NASTY)
def test_nasty_text_gets_a_verdict_and_sound_html(kind: str) -> None:
    for text in NASTY[kind]:
        body = _body.validate_python(text)

        verdict = decide(Facts(body[:80], None, body), RULE)
        page = parsed(f"<!doctype html><html><body><main>{to_html(body)}</main><p id='after'>after</p></body></html>")

        assert author_message(verdict, "ar") or verdict.status == "published"
        assert all(reason.match in body for reason in verdict.reasons)
        assert page.find("./body/p[@id='after']") is not None


def test_names_are_checked_like_texts() -> None:
    for text in TEXTS:
        try:
            name = _name.validate_python(text[:80])
        except ValidationError:
            continue
        assert decide(Facts(name, None, "A fine piece."), RULE).status in ("published", "pending", "rejected")


def test_honest_neighbours_of_bad_words_are_not_rejected() -> None:
    honest = [text for text in NASTY["honest neighbours of bad words"] if "Dick" not in text and "Arsch" not in text]

    assert [decide(Facts("Ada", None, text), RULE).status for text in honest if "Lightwater" not in text] == [
        "published"
    ] * 3


@pytest.mark.parametrize(
    "piece", ["x", "a b ", "\u202e", "\ufdfa"], ids=["word", "lone letters", "turned", "sentences"]
)
def test_megabyte_is_refused_as_a_comment_and_decided_as_a_text(piece: str) -> None:
    text = piece * (1_000_000 // len(piece))

    with pytest.raises(ValidationError):
        _body.validate_python(text)

    assert decide(Facts("Ada", None, text[:100_000]), RULE).status in ("published", "pending")


def test_page_with_all_nasty_texts_three_hundred_levels_deep_is_sound() -> None:
    shown = [_body.validate_python(text) for text in TEXTS]
    replies = tuple(
        CommentView(f"n{number}", text[:80], to_html(text), samples.NOW, depth=300 - number)
        for number, text in enumerate(shown)
    )
    thread = ThreadView(samples.comment(0), replies)
    view = replace(samples.article(), comments=CommentsView(len(replies) + 1, (thread,)), language="ar")

    root = parsed(TEMPLATES.article(view))

    found = {element.get("id"): element for element in elements(root) if element.get("id")}
    for number, text in enumerate(shown):
        comment = found[f"comment-n{number}"]
        assert {part.tag for part in comment.iter()}.isdisjoint(
            {"script", "style", "iframe", "img", "plaintext", "table"}
        )
        if "http" not in text:
            assert "".join(text.split())[:40] in "".join("".join(comment.itertext()).split())
