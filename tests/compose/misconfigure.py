"""Runs in the topics job's container (`docker compose run topics python -`): gives a topic the settings of an older release."""

import asyncio

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from shared.addresses import kafka_options
from shared.settings import Settings
from shared.topics import PAGES


async def main() -> None:
    """Set a retention of an hour instead of a day, and none of the other settings."""
    admin = AIOKafkaAdminClient(**kafka_options(Settings.load().kafka))
    await admin.start()
    await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, PAGES.name, {"retention.ms": "3600000"})])
    await admin.close()


asyncio.run(main())
