"""`world-monitor topics`: makes a Kafka cluster agree with the table of topics (`shared/topics.py`), or compares the two."""

from collections.abc import Sequence

from shared.kafka.admin import correct_topics, create_topics, find_drift
from shared.process.command_line import AsJson, command_group, print_json
from shared.settings import Settings

topics = command_group("topics", "Kafka's topics.")


@topics.command
async def create(*, as_json: AsJson = False) -> int:
    """Create missing topics and correct their configuration. Exit status 1 while a difference remains.

    The number of partitions is never changed.
    """
    settings = Settings.load()
    created = await create_topics(settings.kafka, replication=settings.kafka_replication)
    corrected = await correct_topics(settings.kafka)
    drift = await find_drift(settings.kafka)
    return _report(as_json, created=created, corrected=corrected, drift=drift)


@topics.command
async def check(*, as_json: AsJson = False) -> int:
    """Compare the cluster with the table and change nothing. Exit status 1 when they differ."""
    return _report(as_json, drift=await find_drift(Settings.load().kafka))


def _report(as_json: bool, **findings: Sequence[str]) -> int:
    if as_json:
        print_json(findings)
    else:
        for finding, lines in findings.items():
            for line in lines:
                print(f"{finding}: {line}")
    return 1 if findings["drift"] else 0
