"""A long discussion over HTTP: replies to comments on other pages, while those change."""

import re
from time import monotonic

from services.rendering.gateway.count_changes import EVERY_S
from services.rendering.projector.consumers import ReceivedEvent
from shared.events import CommentHeld, DiscussionChanged, Erased, Votes
from shared.times import now
from shared.topics import COMMENTS
from tests.support.gateway import Gateway, Page, ProjectorHarness, an_article, recent_article, removed
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
    link = f'href="{article.url}?comment={root.id}#comment-{root.id}">in reply to'
    assert "Root." not in page.text
    assert link in page.text

    await projector.apply(removed(root))

    await gateway.until(article.url, lambda page: link not in page.text)


async def test_closed_discussion_without_votes_keeps_comments_and_has_neither_form_nor_buttons(
    projector: ProjectorHarness, gateway: Gateway
) -> None:
    article = an_article()
    comment = a_comment(article.id, body_html="<p>Said.</p>")
    await projector.apply(article, comment)
    open_page = await gateway.until_shown(article.url, "Said.")

    name = f"discussion:{article.id}"
    await projector.apply(DiscussionChanged(id=name, version=1, article_id=article.id, open=False, votes=False))
    closed = await gateway.until(article.url, lambda page: '<form class="reply-form"' not in page.text)

    button = f'formaction="/v1/comments/{comment.id}/vote"'
    assert '<form class="reply-form"' in open_page.text
    assert (button in open_page.text, button in closed.text) == (True, False)
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


async def test_lists_show_the_number_of_comments(projector: ProjectorHarness, gateway: Gateway) -> None:
    article = recent_article()
    lists = ("/", "/world", "/tag/old-light", "/author/ada-b")
    first, second, held = a_comment(article.id), a_comment(article.id), a_comment(article.id)
    await projector.apply(article)

    async def until_counted(text: str) -> None:
        for path in lists:
            await gateway.until(path, lambda page: counts(page) == ([text] if text else []))

    await until_counted("")
    await projector.apply(first, second, held)
    await until_counted("3 comments")
    await projector.apply(CommentHeld.model_validate(held.model_dump() | {"version": 2, "status": "pending"}))
    await until_counted("2 comments")
    await projector.apply(removed(first))
    await until_counted("1 comment")
    await projector.projector.project([ReceivedEvent(COMMENTS.name, Erased(id=second.id), now())])
    await until_counted("")


async def test_many_comments_render_a_list_once_a_second(projector: ProjectorHarness, gateway: Gateway) -> None:
    article = recent_article()
    await projector.apply(article)
    await gateway.until_shown("/world", article.headline)
    before, started = await gateway.renders(), monotonic()

    for _ in range(12):
        await projector.apply(a_comment(article.id))
        await gateway.get("/world")
    await gateway.until_shown("/world", "12 comments")

    # Beside the list: one render for each second, and the one that is under way when the last number arrives.
    assert await gateway.renders() - before <= (monotonic() - started) / EVERY_S + 3


def counts(page: Page) -> list[str]:
    return re.findall(r'<span class="card-comments">(.*?)</span>', page.text)[:1]


def location(page: Page) -> str:
    return page.headers.get("Location", "")


async def test_page_in_the_order_of_votes_follows_the_votes(projector: ProjectorHarness, gateway: Gateway) -> None:
    article = an_article()
    comments = [a_comment(article.id, minute=minute, body_html=f"<p>Word {minute}.</p>") for minute in range(80)]
    await projector.apply(article, *comments)
    best = f"{article.url}?sort=best"
    before = await gateway.until_shown(best, "Word 79.")

    await projector.apply(comments[0].model_copy(update={"version": 2, "votes": Votes(up=3)}))
    after = await gateway.until_shown(best, "Word 0.")
    newest = await gateway.get(f"{article.url}?sort=newest")

    assert "Word 0." not in before.text
    assert after.text.index("Word 0.") < after.text.index("Word 50.")
    assert newest.text.index("Word 79.") < newest.text.index("Word 78.")
