"""Fixtures of the moderators' pages in a real browser: the desk before a real comments service."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from services.comments.settings import CommentsSettings
from tests.support.comment_desk import CommentDesk, running_comment_desk
from tests.support.desk import DeskClient


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def comment_desk(
    kafka_url: str, mongo_url: str, redis_url: str, embedded_kafka: bool, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[CommentDesk]:
    """A running desk and comments. Tests share them: each has its own comments, found by a word."""
    settings = CommentsSettings(
        kafka=kafka_url, mongo=mongo_url, redis=redis_url, kafka_idempotence=not embedded_kafka, rate_limits="off"
    )
    async with running_comment_desk(settings, tmp_path_factory.mktemp("desk")) as running:
        yield running


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def moderator(comment_desk: CommentDesk) -> DeskClient:
    """A moderator's browser."""
    return await comment_desk.desk.as_role("moderator", name="Layla Haddad")
