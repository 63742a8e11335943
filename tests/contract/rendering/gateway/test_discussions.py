"""A long discussion over HTTP: replies to comments on other pages, while those change."""

from shared.events import CommentHeld, DiscussionChanged
from tests.support.gateway import Gateway, Page, ProjectorHarness, an_article, removed
from tests.support.projector import a_comment


async def test_reply_links_to_its_parent_on_another_page_until_removal(
    projector: ProjectorHarness, gateway: Gateway
) -> None:
    article = an_article()
    root = a_comment(article.id, body_html="<p>Root.</p>")
    replies = [
        a_comment(article.id, parent_id=root.id, root_id=root.id, minute=minute, body_html=f"<p>Reply {minute}.</p>")
        for minute in range(1, 200)
    ]
    await projector.apply(article, root, *replies)
    page = await gateway.until_shown(article.url, "Reply 199.")
    link = f'href="{article.url}?comments=1#comment-{root.id}">in reply to'
    assert "Root." not in page.text
    assert link in page.text

    await projector.apply(removed(root))

    await gateway.until(article.url, lambda page: link not in page.text)


async def test_closed_discussion_keeps_comments_and_has_no_form(projector: ProjectorHarness, gateway: Gateway) -> None:
    article = an_article()
    await projector.apply(article, a_comment(article.id, body_html="<p>Said.</p>"))
    open_page = await gateway.until_shown(article.url, "Said.")

    name = f"discussion:{article.id}"
    await projector.apply(DiscussionChanged(id=name, version=1, article_id=article.id, open=False))
    closed = await gateway.until(article.url, lambda page: '<form class="reply-form"' not in page.text)

    assert '<form class="reply-form"' in open_page.text
    assert "Said." in closed.text


async def test_permalink_leads_to_the_page_of_its_comment(projector: ProjectorHarness, gateway: Gateway) -> None:
    article, other = an_article(), an_article()
    comments = [a_comment(article.id, minute=minute) for minute in range(70)]
    await projector.apply(article, other, *comments)
    first, last = comments[0], comments[-1]
    before = await gateway.until(
        f"{article.url}?comment={first.id}", lambda page: f"#comment-{first.id}" in location(page)
    )

    await projector.apply(*(a_comment(article.id, minute=minute) for minute in range(70, 80)))
    noted = f"{article.url}?comment={first.id}&noted=vote"
    moved = await gateway.until(noted, lambda page: "comments=1" in location(page))
    newest = await gateway.get(f"{article.url}?comment={last.id}")
    await projector.apply(removed(first))
    hidden = await gateway.until(noted, lambda page: "#" not in location(page))

    assert (before.status, location(before)) == (302, f"{article.url}#comment-{first.id}")
    assert location(moved) == f"{article.url}?comments=1&noted=vote#comment-{first.id}"
    assert location(newest) == f"{article.url}#comment-{last.id}"
    assert location(hidden) == f"{article.url}?noted=vote"
    assert location(await gateway.get(f"{article.url}?comment=unknown")) == article.url
    assert location(await gateway.get(f"{other.url}?comment={last.id}")) == other.url


async def test_permalink_to_a_held_comment_follows_its_approval(projector: ProjectorHarness, gateway: Gateway) -> None:
    article = an_article()
    held = a_comment(article.id, CommentHeld, status="pending")
    await projector.apply(article, held)
    permalink = f"{article.url}?comment={held.id}"
    assert location(await gateway.until(permalink, lambda page: page.status == 302)) == article.url

    await projector.apply(held.model_copy(update={"version": 2, "status": "published"}))

    await gateway.until(permalink, lambda page: location(page) == f"{article.url}#comment-{held.id}")


def location(page: Page) -> str:
    return page.headers.get("Location", "")
