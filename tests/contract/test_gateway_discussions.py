"""A long discussion over HTTP: pages whose comments answer what stands on other pages, kept true as those change."""

from collections.abc import AsyncIterator

import pytest

from services.rendering.settings import RenderingSettings
from shared.events import CommentRemoved
from tests.contract.gateway_house import Gateway, House, an_article, open_gateway, open_house
from tests.contract.projector_house import a_comment


@pytest.fixture
async def house(rendering_settings: RenderingSettings, mongo_database: str) -> AsyncIterator[House]:
    """A read model and its projector."""
    async with open_house(rendering_settings, mongo_database) as house:
        yield house


@pytest.fixture
async def gateway(house: House) -> AsyncIterator[Gateway]:
    """A gateway over it."""
    async with open_gateway(house.settings, house.database) as gateway:
        yield gateway


async def test_an_answer_leads_to_another_page_until_what_it_answers_is_removed(house: House, gateway: Gateway) -> None:
    article = an_article()
    root = a_comment(article.id, body_html="<p>Root.</p>")
    replies = [
        a_comment(article.id, parent_id=root.id, root_id=root.id, minute=minute, body_html=f"<p>Reply {minute}.</p>")
        for minute in range(1, 200)
    ]
    await house.tell(article, root, *replies)
    page = await gateway.until_shown(article.url, "Reply 199.")
    way = f'href="{article.url}?comments=1#comment-{root.id}">in reply to'
    assert "Root." not in page.text
    assert way in page.text

    fields = {"version": 2, "status": "removed", "name": "", "body": "", "body_html": ""}
    await house.tell(CommentRemoved.model_validate({**root.model_dump(), **fields}))

    await gateway.until(article.url, lambda page: way not in page.text)
