"""Public histories and the list of corrections over HTTP."""

from datetime import datetime, timedelta

import pytest

from shared.events import ArticleState, Correction, FieldDifference, PublicVersion, TextPiece
from shared.times import now
from tests.support.gateway import Gateway, ProjectorHarness, next_version, recent_article, withdrawn

NOTE = "There are twelve ports, not eleven."


def the_history(at: datetime) -> tuple[PublicVersion, ...]:
    pieces = (
        TextPiece(kind="same", text="All "),
        TextPiece(kind="removed", text="eleven"),
        TextPiece(kind="added", text="twelve <b>"),
        TextPiece(kind="same", text=" ports."),
    )
    difference = FieldDifference(field="body_markdown", paragraphs=(pieces,))
    return (
        PublicVersion(version=1, at=at, kind="published"),
        PublicVersion(version=2, at=at + timedelta(minutes=5), kind="corrected", note=NOTE, differences=(difference,)),
    )


def corrected_article(**changes: object) -> ArticleState:
    moment = now() - timedelta(minutes=2)
    corrections = (Correction(note=NOTE, at=moment),)
    return recent_article(
        version=2, corrections=corrections, corrected_at=moment, history=the_history(moment), **changes
    )


async def test_history_shows_each_public_version_and_is_linked_from_the_article(
    projector: ProjectorHarness, gateway: Gateway
) -> None:
    article = corrected_article()
    await projector.apply(article)

    page = await gateway.until_shown(f"{article.url}/history", NOTE)

    assert page.status == 200
    assert page.text.index("Corrected") < page.text.index("Published <time")
    assert "eleven<span" in page.text
    assert "<del>" in page.text
    assert "twelve &lt;b&gt;<span" in page.text
    assert '<meta name="robots" content="noindex">' in page.text
    assert f'href="{article.url}/history"' in (await gateway.get(article.url)).text


async def test_article_with_one_public_version_links_to_no_history(
    projector: ProjectorHarness, gateway: Gateway
) -> None:
    article = recent_article(history=the_history(now())[:1])
    await projector.apply(article)

    page = await gateway.until_shown(article.url, article.headline)

    assert "/history" not in page.text
    assert (await gateway.get(f"{article.url}/history")).status == 200


async def test_history_grows_with_the_article(projector: ProjectorHarness, gateway: Gateway) -> None:
    article = recent_article(history=the_history(now())[:1])
    await projector.apply(article)
    await gateway.until_shown(f"{article.url}/history", article.headline)

    await projector.apply(next_version(article, history=the_history(now())))

    await gateway.until_shown(f"{article.url}/history", NOTE)
    await gateway.until_shown(article.url, f"{article.url}/history")


async def test_article_without_history_has_no_page_of_it(projector: ProjectorHarness, gateway: Gateway) -> None:
    article = recent_article()
    await projector.apply(article)
    await gateway.until_shown(article.url, article.headline)

    assert (await gateway.get(f"{article.url}/history")).status == 404
    assert (await gateway.get("/world/no-such-thing/history")).status == 404
    assert (await gateway.get("/tag/old-light/history")).status == 404


async def test_history_of_a_withdrawn_article_is_gone(projector: ProjectorHarness, gateway: Gateway) -> None:
    article = corrected_article()
    await projector.apply(article)
    await gateway.until_shown(f"{article.url}/history", NOTE)

    await projector.apply(withdrawn(article))

    page = await gateway.until(f"{article.url}/history", lambda page: page.status == 410)
    assert NOTE not in page.text


async def test_history_redirects_with_its_article(projector: ProjectorHarness, gateway: Gateway) -> None:
    article = corrected_article()
    renamed = next_version(article, url="/world/a-better-slug", former_urls=(article.url,))
    await projector.apply(renamed)
    await gateway.until_shown(f"{renamed.url}/history", NOTE)

    for former in (f"{article.url}/history", "/africa/a-better-slug/history", "/World/a-better-slug/history/"):
        page = await gateway.get(former)
        assert (page.status, page.headers["Location"]) == (301, "/world/a-better-slug/history")


async def test_history_of_an_arabic_article_is_in_arabic(projector: ProjectorHarness, gateway: Gateway) -> None:
    article = corrected_article(language="ar", headline="مصباح الرأس")
    await projector.apply(article)

    page = await gateway.until_shown(f"{article.url}/history", NOTE)

    assert '<html lang="ar" dir="rtl">' in page.text
    assert "تاريخ هذا المقال" in page.text


async def test_correction_is_listed_until_its_article_is_withdrawn(
    projector: ProjectorHarness, gateway: Gateway
) -> None:
    empty = await gateway.get("/corrections")
    article = corrected_article()
    await projector.apply(article)
    listed = await gateway.until_shown("/corrections", NOTE)

    await projector.apply(withdrawn(article))

    assert empty.status == 200
    assert "There are no corrections yet." in empty.text
    assert f'href="{article.url}"' in listed.text
    await gateway.until("/corrections", lambda page: NOTE not in page.text)


async def test_corrections_are_linked_from_notes_footer_and_sitemap(
    projector: ProjectorHarness, gateway: Gateway
) -> None:
    article = corrected_article()
    await projector.apply(article)

    page = await gateway.until_shown(article.url, NOTE)

    assert page.text.count('href="/corrections"') == 2
    assert 'href="/corrections"' in (await gateway.get("/")).text
    assert "/corrections</loc>" in (await gateway.get("/sitemap-pages.xml")).text


async def test_numbered_pages_of_corrections_count_from_the_oldest(
    projector: ProjectorHarness, gateway: Gateway
) -> None:
    moment = now() - timedelta(days=2)
    notes = tuple(Correction(note=f"Note {number}.", at=moment + timedelta(minutes=number)) for number in range(40))
    before = await gateway.get("/corrections?page=1")
    await projector.apply(recent_article(version=41, corrections=notes))

    newest = await gateway.until_shown("/corrections", "Note 39.")
    oldest = await gateway.get("/corrections?page=1")

    assert (before.status, before.headers["Location"]) == (302, "/corrections")
    assert "Note 24." in newest.text
    assert "Note 23." not in newest.text
    assert 'href="/corrections?page=1"' in newest.text
    assert oldest.text.index("Note 23.") < oldest.text.index("Note 0.")
    assert (await gateway.get("/corrections?page=2")).status == 404


@pytest.mark.parametrize("target", ["/corrections?page=0", "/corrections?page=x"])
async def test_wrong_page_number_of_corrections_is_refused(target: str, gateway: Gateway) -> None:
    assert (await gateway.get(target)).status == 400
