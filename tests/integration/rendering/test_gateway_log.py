"""A gateway that cannot hear its log says so, stops trusting its cache, and comes back: on a broker of its own to hurt."""

import os
import signal
import subprocess
import time
from collections.abc import AsyncIterator

import pytest

from deploy.local.engines import kafka, provide_topics
from services.rendering.settings import RenderingSettings
from shared.events import ArticleCorrected, ArticleState
from tests.support.gateway import ProjectorHarness, an_article, open_gateway, open_projector_harness
from tests.support.polling import PATIENCE_S, eventually
from tests.support.running import free_port

SILENCE_S = 2.0


class Broker:
    """A broker in memory that can be stopped, killed and started again, empty, at the same address."""

    def __init__(self) -> None:
        self._port = free_port()
        self.address = f"127.0.0.1:{self._port}"
        self._process: subprocess.Popen[bytes] | None = None

    async def start(self) -> None:
        """Start, and wait until it has the topics."""
        argv = kafka(self._port, {}).command().argv
        self._process = subprocess.Popen(
            argv, env=dict(os.environ), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        await provide_topics(self.address)

    def signal(self, sent: signal.Signals) -> None:
        """Send it a signal."""
        assert self._process is not None
        self._process.send_signal(sent)

    def kill(self) -> None:
        """End it at once; it forgets everything."""
        assert self._process is not None
        self._process.kill()
        self._process.wait(PATIENCE_S)


@pytest.fixture
async def broker() -> AsyncIterator[Broker]:
    """A broker that no other test uses."""
    broker = Broker()
    await broker.start()
    yield broker
    broker.kill()


@pytest.fixture
async def deaf(
    mongo_url: str, kafka_url: str, embedded_kafka: bool, mongo_database: str
) -> AsyncIterator[ProjectorHarness]:
    """A projector over the gateway's read model that announces where the gateway does not listen."""
    settings = RenderingSettings(kafka=kafka_url, mongo=mongo_url, kafka_idempotence=not embedded_kafka)
    async with open_projector_harness(settings, mongo_database) as projector:
        yield projector


def corrected(article: ArticleState, headline: str) -> ArticleState:
    """The article with another headline."""
    changes = {"version": article.version + 1, "headline": headline}
    return ArticleCorrected.model_validate({**article.model_dump(), **changes})


async def test_a_gateway_whose_log_is_silent_renders_from_the_read_model_until_it_hears_it_again(
    broker: Broker, deaf: ProjectorHarness
) -> None:
    article = an_article(headline="Before the silence")
    await deaf.apply(article)
    settings = deaf.settings.model_copy(
        update={"kafka": broker.address, "kafka_idempotence": False, "log_silence_s": SILENCE_S}
    )
    async with open_gateway(settings, deaf.database) as gateway:
        await gateway.until_shown(article.url, "Before the silence")

        broker.signal(signal.SIGSTOP)
        stopped_at = time.monotonic()
        await gateway.until_ready(False)
        silent_after_s = time.monotonic() - stopped_at
        await deaf.apply(corrected(article, "During the silence"))
        page = await gateway.get(article.url)
        renders = await gateway.renders()
        await gateway.get(article.url)
        rendered = await gateway.renders() - renders

        broker.signal(signal.SIGCONT)
        await gateway.until_ready()

        assert silent_after_s >= SILENCE_S - 1
        assert "During the silence" in page.text
        assert rendered == 1
        assert "During the silence" in (await gateway.get(article.url)).text


async def test_a_gateway_whose_log_was_replaced_forgets_its_pages_and_follows_the_new_one(
    broker: Broker, deaf: ProjectorHarness
) -> None:
    article = an_article(headline="In the old log")
    await deaf.apply(article)
    settings = deaf.settings.model_copy(
        update={"kafka": broker.address, "kafka_idempotence": False, "log_silence_s": SILENCE_S}
    )
    async with (
        open_gateway(settings, deaf.database) as gateway,
        open_projector_harness(settings, deaf.database) as projector,
    ):
        await gateway.until_shown(article.url, "In the old log")
        flushed = await gateway.count("wm_rendering_cache_flushed_total")

        broker.kill()
        await deaf.apply(second := corrected(article, "Between the logs"))
        await broker.start()

        async def forgot() -> bool:
            return await gateway.count("wm_rendering_cache_flushed_total") > flushed

        await eventually(forgot, what="it forgets its pages")
        await gateway.until_ready()
        between = await gateway.get(article.url)
        await projector.apply(corrected(second, "In the new log"))

        assert "Between the logs" in between.text
        await gateway.until_shown(article.url, "In the new log")
