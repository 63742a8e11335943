"""A gateway that loses its log becomes unready, stops trusting its cache, and recovers. Uses its own broker."""

import os
import signal
import subprocess
import time
from collections.abc import AsyncIterator

import pytest

from deploy.local.engines import kafka, provide_topics
from services.rendering.settings import RenderingSettings
from tests.support.gateway import ProjectorHarness, an_article, next_version, open_gateway, open_projector_harness
from tests.support.polling import PATIENCE_S, eventually
from tests.support.ports import free_port

SILENCE_S = 2.0


class Broker:
    """An in-memory broker that can be stopped, killed, and restarted empty at the same address."""

    def __init__(self) -> None:
        self._port = free_port()
        self.address = f"127.0.0.1:{self._port}"
        self._process: subprocess.Popen[bytes] | None = None

    async def start(self) -> None:
        """Start, and create the topics."""
        argv = kafka(self._port, {}).command().argv
        self._process = subprocess.Popen(
            argv, env=dict(os.environ), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        await provide_topics(self.address)

    def signal(self, sent: signal.Signals) -> None:
        """Send a signal to the process."""
        assert self._process is not None
        self._process.send_signal(sent)

    def kill(self) -> None:
        """Kill the process; its data is lost."""
        assert self._process is not None
        self._process.kill()
        self._process.wait(PATIENCE_S)


@pytest.fixture
async def broker() -> AsyncIterator[Broker]:
    """A broker for this test alone."""
    broker = Broker()
    await broker.start()
    yield broker
    broker.kill()


@pytest.fixture
async def projector_on_other_broker(
    mongo_url: str, kafka_url: str, embedded_kafka: bool, mongo_database: str
) -> AsyncIterator[ProjectorHarness]:
    """A projector over the gateway's read model that publishes changes to another broker than the gateway's."""
    settings = RenderingSettings(kafka=kafka_url, mongo=mongo_url, kafka_idempotence=not embedded_kafka)
    async with open_projector_harness(settings, mongo_database) as projector:
        yield projector


def gateway_settings(projector: ProjectorHarness, broker: Broker) -> RenderingSettings:
    """Settings of a gateway that follows the broker."""
    changes = {"kafka": broker.address, "kafka_idempotence": False, "log_silence_s": SILENCE_S}
    return projector.settings.model_copy(update=changes)


async def test_gateway_with_a_silent_log_renders_every_request(
    broker: Broker, projector_on_other_broker: ProjectorHarness
) -> None:
    article = an_article(headline="Before the silence")
    await projector_on_other_broker.apply(article)
    settings = gateway_settings(projector_on_other_broker, broker)
    async with open_gateway(settings, projector_on_other_broker.database) as gateway:
        await gateway.until_shown(article.url, "Before the silence")

        broker.signal(signal.SIGSTOP)
        stopped_at = time.monotonic()
        await gateway.until_ready(False)
        silent_after_s = time.monotonic() - stopped_at
        await projector_on_other_broker.apply(next_version(article, headline="During the silence"))
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


async def test_replaced_log_flushes_the_cache_and_is_followed(
    broker: Broker, projector_on_other_broker: ProjectorHarness
) -> None:
    article = an_article(headline="In the old log")
    await projector_on_other_broker.apply(article)
    settings = gateway_settings(projector_on_other_broker, broker)
    async with (
        open_gateway(settings, projector_on_other_broker.database) as gateway,
        open_projector_harness(settings, projector_on_other_broker.database) as projector,
    ):
        await gateway.until_shown(article.url, "In the old log")
        flushed = await gateway.count("wm_rendering_cache_flushed_total")

        broker.kill()
        await projector_on_other_broker.apply(second := next_version(article, headline="Between the logs"))
        await broker.start()

        async def cache_is_flushed() -> bool:
            return await gateway.count("wm_rendering_cache_flushed_total") > flushed

        await eventually(cache_is_flushed, what="the cache is flushed")
        await gateway.until_ready()
        between = await gateway.get(article.url)
        await projector.apply(next_version(second, headline="In the new log"))

        assert "Between the logs" in between.text
        await gateway.until_shown(article.url, "In the new log")
