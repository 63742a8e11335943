"""A long discussion over HTTP: pages whose comments answer what stands on other pages, kept true as those change."""

from shared.events import CommentRemoved
from tests.support.gateway import Gateway, ProjectorHarness, an_article
from tests.support.projector import a_comment


async def test_an_answer_leads_to_another_page_until_what_it_answers_is_removed(
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
    way = f'href="{article.url}?comments=1#comment-{root.id}">in reply to'
    assert "Root." not in page.text
    assert way in page.text

    fields = {"version": 2, "status": "removed", "name": "", "body": "", "body_html": ""}
    await projector.apply(CommentRemoved.model_validate({**root.model_dump(), **fields}))

    await gateway.until(article.url, lambda page: way not in page.text)
