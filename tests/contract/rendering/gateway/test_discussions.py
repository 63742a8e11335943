"""A long discussion over HTTP: replies to comments on other pages, while those change."""

from shared.events import DiscussionChanged
from tests.support.gateway import Gateway, ProjectorHarness, an_article, removed
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
