"""Acts of the desk without JavaScript: each asks once, then acts on the version that was shown."""

import pytest

from tests.support.desk import DeskClient

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_publication_asks_once_and_publishes(editor: DeskClient) -> None:
    article = await editor.ingestion.create(headline="Ferries wait for spring")

    done = await editor.confirm(f"/desk/articles/{article['id']}/publish")

    found = await editor.ask("GET", f"/v1/articles/{article['id']}")
    assert (done.location, found["status"]) == (f"/desk/articles/{article['id']}?done=publish", "published")
