"""A client that records its views in a ledger, and an oracle that checks counts against it. The client is never killed.

The ledger has a line before each view is sent and a line after its response, both synced to disk before the client
continues. When the platform is idle, for each article: acknowledged <= counted <= acknowledged + unknown.
(The outcomes are those of Jepsen's histories: ok, fail, unknown; FIELD-NOTES 7.)
"""

import argparse
import asyncio
import json
import os
import random
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import IO
from uuid import uuid4

import aiohttp

_TRIES = 4
_AT_ONCE = 16
_READERS = 300
_REFERRERS = ("", "https://www.google.com/", "https://www.facebook.com/", "https://blog.example.org/a-post")


@dataclass
class History:
    """Outcomes of the views, by article."""

    acknowledged: Counter[str] = field(default_factory=Counter)
    unknown: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    longest_gap_s: float = 0.0


class Ledger:
    """An append-only file. `write` returns when the lines are on disk."""

    def __init__(self, path: Path) -> None:
        self._file: IO[str] = path.open("a")

    def write(self, lines: Sequence[dict[str, object]]) -> None:
        self._file.writelines(json.dumps(line) + "\n" for line in lines)
        self._file.flush()
        os.fsync(self._file.fileno())


def read_history(path: Path) -> History:
    """Read a ledger. A view without a response counts as unknown."""
    started: dict[str, str] = {}
    outcome: dict[str, str] = {}
    acknowledged_at: list[float] = []
    for line in path.read_text().splitlines():
        entry = json.loads(line)
        if "outcome" in entry:
            outcome[entry["id"]] = entry["outcome"]
            if entry["outcome"] == "ok":
                acknowledged_at.append(entry["at"])
        else:
            started[entry["id"]] = entry["article"]
    history = History()
    for name, article in started.items():
        found = outcome.get(name, "unknown")
        {"ok": history.acknowledged, "fail": history.refused}.get(found, history.unknown)[article] += 1
    times = sorted(acknowledged_at)
    history.longest_gap_s = max((b - a for a, b in pairwise(times)), default=0.0)
    return history


def find_breaches(history: History, counted: dict[str, int]) -> list[str]:
    """Articles whose count is not between acknowledged and acknowledged + unknown, one sentence each."""
    breaches = []
    for article in history.acknowledged.keys() | history.unknown.keys() | counted.keys():
        low = history.acknowledged[article]
        high = low + history.unknown[article]
        if not low <= counted.get(article, 0) <= high:
            breaches.append(f"{article}: {low} acknowledged, {high - low} unknown, {counted.get(article, 0)} counted")
    return breaches


async def send_views(
    edge: str,
    articles: Sequence[str],
    ledger: Ledger,
    *,
    rate: float,
    seconds: float,
    seed: int,
    at_once: int = _AT_ONCE,
) -> None:
    """Send about `rate` views a second for `seconds`, by 300 browsers. Retries use the same id, as a browser does."""
    chance = random.Random(seed)
    end = time.monotonic() + seconds
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=6)) as http:
        while time.monotonic() < end:
            started = time.monotonic()
            group = [(str(uuid4()), chance.choice(articles)) for _ in range(at_once)]
            ledger.write([{"id": name, "article": article} for name, article in group])
            sent = [(name, article, chance.randrange(_READERS), chance.choice(_REFERRERS)) for name, article in group]
            outcomes = await asyncio.gather(*(_view(http, edge, *view) for view in sent))
            at = time.time()
            ledger.write(
                [{"id": name, "outcome": outcome, "at": at} for (name, _), outcome in zip(group, outcomes, strict=True)]
            )
            await asyncio.sleep(max(0.0, at_once / rate - (time.monotonic() - started)))


async def _view(http: aiohttp.ClientSession, edge: str, name: str, article: str, reader: int, referrer: str) -> str:
    outcome = "unknown"
    body = {"article_id": article, "event_id": name, "referrer": referrer}
    headers = {"User-Agent": f"Mozilla/5.0 (X11; Linux x86_64; rv:{reader}.0) Gecko/20100101 Firefox/{reader}.0"}
    for attempt in range(_TRIES):
        try:
            async with http.post(f"{edge}/v1/views", json=body, headers=headers) as answer:
                if answer.status == 202:
                    return "ok"
                if answer.status < 500:
                    # After an earlier try that may have succeeded, a refusal is not certain.
                    return "fail" if attempt == 0 else "unknown"
        except (aiohttp.ClientError, TimeoutError):
            outcome = "unknown"
        await asyncio.sleep(0.1 * 2**attempt)
    return outcome


def main() -> None:
    """Run the client from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--edge", required=True)
    parser.add_argument("--ledger", required=True, type=Path)
    parser.add_argument("--rate", type=float, default=200)
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--at-once", type=int, default=_AT_ONCE)
    parser.add_argument("articles", nargs="+")
    given = parser.parse_args()
    options = {"rate": given.rate, "seconds": given.seconds, "seed": given.seed, "at_once": given.at_once}
    asyncio.run(send_views(given.edge, given.articles, Ledger(given.ledger), **options))


if __name__ == "__main__":
    main()
