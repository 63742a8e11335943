"""The state that a preview shows."""

from datetime import UTC, datetime, timedelta

from services.rendering.pages.preview import PreviewArticle, as_published, preview_kind

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
MORNING = NOON - timedelta(hours=5)


def test_unfinished_draft_has_a_stand_in_address_and_is_published_now() -> None:
    draft = PreviewArticle.model_validate({"section": "world", "slug": None, "url": None, "unknown": 1})

    state = as_published(draft, NOON)

    assert state.url == "/world/preview"
    assert state.published_at == state.updated_at == NOON


def test_address_of_a_draft_has_its_slug() -> None:
    assert as_published(PreviewArticle(section="world", slug="a-lamp"), NOON).url == "/world/a-lamp"


def test_published_article_keeps_its_address_and_times() -> None:
    article = PreviewArticle(section="world", url="/world/old", slug="new", published_at=MORNING, updated_at=NOON)

    state = as_published(article, NOON + timedelta(hours=1))

    assert (state.url, state.published_at, state.updated_at) == ("/world/old", MORNING, NOON)


def test_preview_is_never_stored_and_only_our_pages_may_frame_it() -> None:
    kind = preview_kind("'sha256-x'")

    assert kind.cache_control == "no-store"
    assert "frame-ancestors 'self'" in kind.content_security_policy
    assert "style-src 'sha256-x'" in kind.content_security_policy
