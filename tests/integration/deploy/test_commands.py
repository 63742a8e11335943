"""`world-monitor` against real engines: the commands that no service's own tests run."""

import json
from pathlib import Path

import pytest

from shared.topics import ARTICLES, VIEWS
from tests.support.commands import world_monitor
from tests.support.popularity import empty_redis


@pytest.fixture
def settings(kafka_url: str, mongo_url: str, embedded_kafka: bool, tmp_path: Path) -> dict[str, str]:
    return {
        "WM_KAFKA": kafka_url,
        "WM_KAFKA_IDEMPOTENCE": str(not embedded_kafka),
        "WM_MONGO": mongo_url,
        "WM_SEARCH_INDEX": str(tmp_path),
    }


def test_topics_check_prints_drift_and_its_status(settings: dict[str, str], embedded_kafka: bool) -> None:
    text = world_monitor("topics", "check", **settings)
    facts = world_monitor("topics", "check", "--json", **settings)

    drift = json.loads(facts.stdout)["drift"]
    assert text.stdout.splitlines() == [f"drift: {line}" for line in drift]
    assert text.returncode == facts.returncode == (1 if drift else 0)
    assert not any(line.endswith("missing") for line in drift)


def test_topics_create_leaves_complete_topics_alone(settings: dict[str, str]) -> None:
    done = world_monitor("topics", "create", "--json", **settings)

    assert json.loads(done.stdout)["created"] == []


def test_rebuild_read_model_makes_the_next_model_serve(settings: dict[str, str]) -> None:
    done = world_monitor("rebuild", "read-model", **settings)

    assert done.returncode == 0, done.stderr
    assert "has taken over" in done.stdout.splitlines()[-1]


def test_rebuild_search_makes_the_next_index_serve(settings: dict[str, str]) -> None:
    done = world_monitor("rebuild", "search", **settings)

    assert done.returncode == 0, done.stderr
    assert "documents" in done.stdout.splitlines()[-1]


async def test_adopt_log_prints_each_partition(settings: dict[str, str], redis_url: str) -> None:
    async with empty_redis(redis_url, 14) as address:
        done = world_monitor("adopt-log", "--json", WM_REDIS=address, **settings)

    assert done.returncode == 0, done.stderr
    logs = json.loads(done.stdout)
    assert len(logs) == VIEWS.partitions + ARTICLES.partitions
    assert all(log["adopted"] and log["position"] == 0 for log in logs)
