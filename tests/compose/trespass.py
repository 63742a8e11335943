"""Runs inside the comments container (`docker exec -i … python -`): tries forbidden actions and prints the results."""

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.errors import GroupAuthorizationFailedError, TopicAuthorizationFailedError
from pymongo import MongoClient
from pymongo.errors import OperationFailure
from redis import Redis
from redis.exceptions import NoPermissionError, RedisError

from services.comments.settings import CommentsSettings
from shared.kafka.client import client_options

logging.disable(logging.CRITICAL)
_settings = CommentsSettings.load()
_refused: list[str] = []
_allowed: list[str] = []


def _try(what: str, refusal: type[Exception] | tuple[type[Exception], ...], action: Callable[[], object]) -> None:
    try:
        action()
        _allowed.append(what)
    except refusal:
        _refused.append(what)


async def _try_async(what: str, refusal: type[Exception], action: Callable[[], Awaitable[object]]) -> None:
    # aiokafka retries without end for a topic that it may not see: no answer within ten seconds is a refusal too.
    try:
        async with asyncio.timeout(10):
            await action()
        _allowed.append(what)
    except (refusal, TimeoutError):
        _refused.append(what)


def _files() -> None:
    for folder in ("/", "/app", "/etc", "/usr/local", "/opt/venv", "/run/secrets"):
        _try(f"write {folder}", OSError, partial(Path(folder, "mine").write_text, "x"))
    status = dict(line.split(":\t", 1) for line in Path("/proc/self/status").read_text().splitlines() if ":\t" in line)
    if os.geteuid() == 0 or int(status["CapEff"], 16) or status["NoNewPrivs"].strip() != "1":
        _allowed.append(f"run with capabilities: {status['CapEff']} {status['NoNewPrivs']}")


def _mongo() -> None:
    client: MongoClient[Any] = MongoClient(_settings.mongo, serverSelectionTimeoutMS=5000)
    client.comments.comments.find_one()
    for database in ("ingestion", "rendering", "admin"):
        _try(f"read MongoDB {database}", OperationFailure, client[database].tokens.find_one)
        _try(f"write MongoDB {database}", OperationFailure, partial(client[database].mine.insert_one, {}))
    nobody: MongoClient[Any] = MongoClient("mongodb://mongo:27017", directConnection=True)
    _try("read MongoDB without a password", OperationFailure, lambda: nobody.comments.comments.find_one())


def _redis() -> None:
    client = Redis.from_url(_settings.redis)
    client.set("comments:trespass", "x", ex=1)
    _try("read Redis popularity", NoPermissionError, lambda: client.get("popularity:{p0}:state"))
    _try("write Redis popularity", NoPermissionError, lambda: client.set("popularity:mine", "x"))
    for command in ("FLUSHALL", "KEYS *", "CONFIG GET *", "ACL LIST", "SHUTDOWN NOSAVE"):
        _try(f"Redis {command}", NoPermissionError, partial(client.execute_command, *command.split()))
    _try("read Redis without a password", RedisError, lambda: Redis(host="redis").get("comments:trespass"))


async def _kafka() -> None:
    producer = AIOKafkaProducer(**client_options(_settings.kafka), acks="all")
    await producer.start()
    for topic in ("articles.v1", "views.v1", "rankings.v1"):
        await _try_async(
            f"write {topic}",
            TopicAuthorizationFailedError,
            partial(producer.send_and_wait, topic, b"{}", key=b"k"),
        )
    await producer.stop()
    await _try_async("read views.v1", TopicAuthorizationFailedError, lambda: _consume("views.v1", None))
    await _try_async(
        "join a group", GroupAuthorizationFailedError, lambda: _consume("articles.v1", "popularity-counter")
    )


async def _consume(topic: str, group: str | None) -> None:
    consumer = AIOKafkaConsumer(**client_options(_settings.kafka), group_id=group, auto_offset_reset="earliest")
    await consumer.start()
    try:
        consumer.assign([TopicPartition(topic, 0)])
        if group:
            await consumer.committed(TopicPartition(topic, 0))
        await consumer.getone()
    finally:
        await consumer.stop()


_files()
_mongo()
_redis()
asyncio.run(_kafka())
for name in _refused:
    print(f"refused: {name}")
for name in _allowed:
    print(f"ALLOWED: {name}")
