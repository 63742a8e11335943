"""`python -m tests.support.attacks HOST:PORT ARTICLE_ID ARTICLE_PATH`: 20 kinds of attack at once, from five loopback addresses.

Runs until SIGTERM, then prints, as JSON, the statuses of each attack by count. It is a process of its own with a low priority,
so that it takes little processor time from those who are measured. Each attack has _WORKERS that rest _EVERY_S between requests.
"""

import asyncio
import json
import os
import random
import signal
import sys
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from uuid import uuid4

import aiohttp

ADDRESSES = 5
_WORKERS = 3
_EVERY_S = 0.04
_TIMEOUT = aiohttp.ClientTimeout(total=15)
_HALF_SENT = 200
# A name of one letter with 30,000 marks in the order that makes composition slow.
_MARKS = "a" + "\u0301" * 15_000 + "\u0316" * 15_000
_MISSPELT = ("parliment", "goverment", "recieved", "occured", "wether", "seperate", "definately", "harbuor")


@dataclass
class Attacker:
    """One attack's client at one address, and the statuses that it got."""

    base: str
    article: str
    path: str
    http: aiohttp.ClientSession
    address: str
    random: random.Random
    statuses: Counter[str] = field(default_factory=Counter)

    async def send(
        self, method: str, path: str, *, json_body: object = None, data: object = None, **headers: str
    ) -> None:
        """One request, whose answer is read and counted."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if json_body is not None:
            # Not ASCII: an escaped mark has six bytes instead of two, and the edge would refuse the body for its size.
            data = json.dumps(json_body, ensure_ascii=False).encode()
            sent = {"Content-Type": "application/json", **sent}
        async with self.http.request(
            method, self.base + path, data=data, headers=sent, allow_redirects=False
        ) as answer:
            await answer.read()
            self.statuses[str(answer.status)] += 1

    @property
    def comments(self) -> str:
        """The path of the article's comments."""
        return f"/v1/articles/{self.article}/comments"

    def comment(self, **fields: str) -> Mapping[str, str]:
        """A comment with other words each time."""
        return {"name": "Mallory", "email": f"{uuid4().hex[:8]}@evil.example", "body": f"Buy {uuid4().hex}.", **fields}


Attack = Callable[[Attacker], Awaitable[None]]


async def _marks_in_a_name(attacker: Attacker) -> None:
    await attacker.send("POST", attacker.comments, json_body=attacker.comment(name=_MARKS))


async def _marks_in_a_comment(attacker: Attacker) -> None:
    await attacker.send("POST", attacker.comments, json_body=attacker.comment(body=_MARKS[:20_000]))


async def _links_in_a_comment(attacker: Attacker) -> None:
    body = ("http://a.example/((((" * 500)[:9_000]
    await attacker.send("POST", attacker.comments, json_body=attacker.comment(body=body))


async def _many_comments(attacker: Attacker) -> None:
    await attacker.send("POST", attacker.comments, json_body=attacker.comment())


async def _many_letters(attacker: Attacker) -> None:
    letter = {"name": "Mallory", "email": "mallory@evil.example", "subject": "A letter", "message": uuid4().hex * 20}
    await attacker.send("POST", "/v1/messages", json_body=letter)


async def _new_keys_of_comments(attacker: Attacker) -> None:
    await attacker.send("POST", attacker.comments, json_body=attacker.comment(), Idempotency_Key=uuid4().hex)


async def _many_views(attacker: Attacker) -> None:
    await attacker.send("POST", "/v1/views", json_body={"article_id": attacker.article})


async def _views_from_another_site(attacker: Attacker) -> None:
    headers = {"Origin": "https://evil.example", "Sec_Fetch_Site": "cross-site"}
    await attacker.send("POST", "/v1/views", json_body={"article_id": attacker.article}, **headers)


async def _new_keys_of_views(attacker: Attacker) -> None:
    await attacker.send("POST", "/v1/views", json_body={"article_id": attacker.article}, Idempotency_Key=uuid4().hex)


async def _misspelt_searches(attacker: Attacker) -> None:
    words = "+".join(attacker.random.sample(_MISSPELT, 3))
    await attacker.send("GET", f"/v1/search?q={words}&limit=100")


async def _pages_of_results(attacker: Attacker) -> None:
    await attacker.send(
        "GET", f"/search?q=ferry+{attacker.random.choice('abcdefgh')}&page={attacker.random.randrange(1, 4)}"
    )


async def _whole_discussions(attacker: Attacker) -> None:
    await attacker.send("GET", f"{attacker.comments}?limit=1&sort=newest")


async def _invented_addresses(attacker: Attacker) -> None:
    await attacker.send("GET", f"/world/{uuid4().hex}?{uuid4().hex}={uuid4().hex}")


async def _invented_tokens(attacker: Attacker) -> None:
    await attacker.send("GET", "/v1/comments?status=pending", Authorization=f"Bearer {uuid4().hex}")


async def _guessed_passwords(attacker: Attacker) -> None:
    form = {"email": "admin@world-monitor.example", "password": uuid4().hex}
    await attacker.send("POST", "/desk/sign-in", data=form, Sec_Fetch_Site="same-origin")


async def _large_bodies_without_a_token(attacker: Attacker) -> None:
    await attacker.send("POST", "/v1/articles", data=b"[" * 2_000_000, Content_Type="application/json")


async def _deep_and_wide_requests(attacker: Attacker) -> None:
    await attacker.send("POST", "/v1/views", data=b"[" * 8_000, Content_Type="application/json")
    await attacker.send("GET", "/v1/popular?" + "&".join(f"a{number}=1" for number in range(700)))
    await attacker.send("GET", attacker.path, If_None_Match=", ".join(f'"{number}"' for number in range(800)))


async def _missed_live_events(attacker: Attacker) -> None:
    """Streams that ask for a replay and read nothing."""
    headers = {"Last-Event-ID": f"{attacker.random.randrange(100)}-0"}
    async with attacker.http.get(f"{attacker.base}/v1/live?article={attacker.article}", headers=headers) as answer:
        attacker.statuses[str(answer.status)] += 1
        await asyncio.sleep(3)


async def _half_sent_heads(attacker: Attacker) -> None:
    """Connections whose request never ends."""
    host, port = attacker.base.removeprefix("http://").split(":")
    held = []
    try:
        for _ in range(_HALF_SENT // _WORKERS):
            reader, writer = await asyncio.open_connection(host, int(port), local_addr=(attacker.address, 0))
            writer.write(b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ")
            held.append((reader, writer))
        await asyncio.sleep(4)
        attacker.statuses["held"] += len(held)
    finally:
        for _, writer in held:
            writer.close()


async def _slow_bodies(attacker: Attacker) -> None:
    """A body of which a byte comes each second."""

    async def trickle() -> object:
        for _ in range(5):
            await asyncio.sleep(1)
            yield b"{"

    await attacker.send("POST", attacker.comments, data=trickle(), Content_Type="application/json")


ATTACKS: Mapping[str, Attack] = {
    "marks in a name": _marks_in_a_name,
    "marks in a comment": _marks_in_a_comment,
    "links in a comment": _links_in_a_comment,
    "many comments": _many_comments,
    "many letters": _many_letters,
    "new keys of comments": _new_keys_of_comments,
    "many views": _many_views,
    "views from another site": _views_from_another_site,
    "new keys of views": _new_keys_of_views,
    "misspelt searches": _misspelt_searches,
    "pages of results": _pages_of_results,
    "whole discussions": _whole_discussions,
    "invented addresses": _invented_addresses,
    "invented tokens": _invented_tokens,
    "guessed passwords": _guessed_passwords,
    "large bodies without a token": _large_bodies_without_a_token,
    "deep and wide requests": _deep_and_wide_requests,
    "missed live events": _missed_live_events,
    "half-sent heads": _half_sent_heads,
    "slow bodies": _slow_bodies,
}


async def _repeat(attack: Attack, attacker: Attacker) -> None:
    while True:
        try:
            await attack(attacker)
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            attacker.statuses[type(error).__name__] += 1
        await asyncio.sleep(_EVERY_S)


async def _run(base: str, article: str, path: str) -> None:
    stopped = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
    attackers: dict[str, Attacker] = {}
    tasks = []
    for number, (name, attack) in enumerate(ATTACKS.items()):
        address = f"127.0.1.{1 + number % ADDRESSES}"
        http = aiohttp.ClientSession(
            timeout=_TIMEOUT,
            connector=aiohttp.TCPConnector(local_addr=(address, 0)),
            cookie_jar=aiohttp.DummyCookieJar(),
        )
        attackers[name] = Attacker(base, article, path, http, address, random.Random(number))
        tasks += [asyncio.create_task(_repeat(attack, attackers[name]), name=name) for _ in range(_WORKERS)]
    await stopped.wait()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    for attacker in attackers.values():
        await attacker.http.close()
    print(json.dumps({name: attacker.statuses for name, attacker in attackers.items()}), flush=True)


if __name__ == "__main__":
    os.nice(19)
    asyncio.run(_run(*sys.argv[1:4]))
