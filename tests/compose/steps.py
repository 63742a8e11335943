"""The steps of the test. A step returns the platform's recovery time in seconds, or None."""

import asyncio
import io
import json
import time
from pathlib import Path

import aiohttp
from PIL import Image

from tests.bench.idle import SETTLE_S, cpu_percent, family
from tests.compose.load import SERVICES_READ, Public
from tests.compose.stack import IMAGE, Stack, time_until_used
from tests.support.polling import eventually
from tests.support.running import ROOT

_SETTLE_S = 2.0
_ASK_EVERY_S = 0.03
_REST_S = 20.0
_REACH_OUT = "import socket; socket.create_connection(('1.1.1.1', 443), timeout=2); print('ok')"


async def bring_up(stack: Stack) -> tuple[float, str]:
    """Build, start, and wait for the first page. Returns the seconds since `up`, and the editor's token."""
    await stack.compose("build", "--quiet", "bootstrap", within_s=400)
    began = time.monotonic()
    await stack.compose("up", "-d", within_s=300)
    seconds = time.monotonic() - began
    log = await stack.compose("logs", "--no-log-prefix", "bootstrap")
    command = next(line for line in log.splitlines() if "cat /secrets/admin/editor-token" in line)
    words = command.partition("docker compose ")[2].split()
    return seconds, (await stack.compose(*words[:2], "-T", "--no-deps", *words[2:])).split()[-1]


async def rest(stack: Stack) -> dict[str, float]:
    """Percent of one core that each service's containers use without load; `all` is their sum."""
    await asyncio.sleep(SETTLE_S)
    owners = {
        int(item["State"]["Pid"]): str(item["Config"]["Labels"]["com.docker.compose.service"])
        for item in await stack.containers()
    }
    used = await cpu_percent(lambda: family(owners), _REST_S)
    return {"all": used.total(), **dict(used.most_common())}


async def run_article_life_cycle(public: Public) -> None:
    """Publish, read, comment, view, rank and withdraw an article, all through the edge."""
    article = await public.publish("Lighthouse shines again", "The lamp was lit at dusk.")
    url = public.edge + public.acknowledged.articles[article]

    async def shows(wanted: str, address: str, status: int = 200) -> bool:
        async with public.http.get(address) as page:
            return page.status == status and wanted in await page.text()

    await eventually(lambda: shows("The lamp was lit", url), what="the article's page")
    body = {"name": "Ada", "email": "ada@example.org", "body": "A fine lamp indeed."}
    async with public.http.post(f"{public.edge}/v1/articles/{article}/comments", json=body) as answer:
        assert answer.status == 201, await answer.text()
    await eventually(lambda: shows("A fine lamp indeed.", url), what="the comment on the page")

    async def counted() -> bool:
        async with public.http.post(f"{public.edge}/v1/views", json={"article_id": article}) as answer:
            return answer.status == 202

    await eventually(counted, what="a view")
    await eventually(lambda: shows(article, f"{public.edge}/v1/popular?window=24h"), what="the ranking")
    async with public.http.get(f"{public.edge}/v1/articles/{article}", headers=public.editor) as answer:
        match = answer.headers["ETag"]
    headers = {**public.editor, "If-Match": match}
    withdraw = f"{public.edge}/v1/articles/{article}/withdraw"
    async with public.http.post(withdraw, json={"reason": "A test."}, headers=headers) as answer:
        assert answer.status == 200, await answer.text()
    await eventually(lambda: shows("", url, 410), what="410 for the withdrawn article")
    del public.acknowledged.articles[article]


async def show_a_picture(public: Public) -> None:
    """Upload a picture through the edge, publish an article with it, and read the AVIF that media-worker makes."""
    written = io.BytesIO()
    Image.effect_noise((1300, 800), 40).convert("RGB").save(written, "JPEG")
    form = aiohttp.FormData({"alt": "Noise"})
    form.add_field("file", written.getvalue(), filename="noise.jpg")
    async with public.http.post(f"{public.edge}/v1/media", data=form, headers=public.editor) as answer:
        assert answer.status == 201, await answer.text()
        picture = await answer.json()
    article = await public.publish("A picture", f"![](media:{picture['id']})")
    folder = picture["url"].rpartition("/")[0]
    page = public.edge + public.acknowledged.articles[article]

    async def shown() -> bool:
        async with public.http.get(page) as answer:
            return folder in await answer.text()

    avif = next(str(one["url"]) for one in picture["variants"] if one["type"] == "image/avif")

    async def made() -> bool:
        async with public.http.get(public.edge + avif) as answer:
            return answer.content_type == "image/avif" and "immutable" in answer.headers["Cache-Control"]

    await eventually(shown, what="the picture on its page")
    await eventually(made, what="the variant")


async def correct_a_topic(stack: Stack) -> None:
    """The topics job, which every `up` runs, corrects a topic of an older release."""
    script = (ROOT / "tests" / "compose" / "misconfigure.py").read_bytes()
    await stack.run("docker", "compose", "run", "--rm", "-T", "--no-deps", "topics", "python", "-", given=script)
    printed = await stack.compose("run", "--rm", "-T", "--no-deps", "topics")
    assert "corrected: pages.v1: retention.ms is 3600000, not 86400000" in printed, printed
    assert "drift" not in printed, printed


async def scale_there_and_back(stack: Stack, public: Public, service: str) -> float | None:
    """Scale 1 -> 4 -> 1. Returns the seconds until the edge used every new container, for services behind the edge."""
    found = None
    if service in SERVICES_READ:
        asking = asyncio.create_task(_ask_often(public, service))
        watching = asyncio.create_task(time_until_used(stack, service, 4))
        try:
            await stack.scale(service, 4)
            found = await watching
        finally:
            asking.cancel()
            watching.cancel()
    else:
        await stack.scale(service, 4)
    await asyncio.sleep(_SETTLE_S)
    await stack.scale(service, 1)
    await asyncio.sleep(_SETTLE_S)
    return found


async def _ask_often(public: Public, service: str) -> None:
    """Send reads so often that the edge uses a container as soon as it knows it."""
    while True:
        await public.ask(service)
        await asyncio.sleep(_ASK_EVERY_S)


async def kill(stack: Stack, public: Public, service: str) -> float:
    """Kill the only container of its kind; the restart policy restarts it."""
    await asyncio.sleep(_SETTLE_S)
    await stack.kill(service)
    await asyncio.sleep(0.5)
    return await stack.until_healthy(public.http)


async def restart(stack: Stack, public: Public, engine: str) -> float:
    """Restart an engine in order."""
    await asyncio.sleep(_SETTLE_S)
    began = time.monotonic()
    await stack.compose("restart", engine)
    await stack.until_healthy(public.http)
    return time.monotonic() - began


async def roll(stack: Stack, service: str) -> None:
    """Replace every container of a service."""
    await asyncio.sleep(_SETTLE_S)
    before = {item["Id"] for item in await stack.containers(service)}
    await stack.run("deploy/roll", service)
    after = {item["Id"] for item in await stack.containers(service)}
    assert not before & after, f"{service} was not replaced"
    assert len(before) == len(after)
    await asyncio.sleep(_SETTLE_S)


async def find_breaches_of_access(stack: Stack) -> list[str]:
    """Find forbidden actions that containers can do, and secrets that are visible. Empty when there are none."""
    (comments, *_) = await stack.containers("comments")
    script = (ROOT / "tests" / "compose" / "trespass.py").read_bytes()
    output = await stack.run("docker", "exec", "-i", comments["Id"], "python", "-", given=script)
    tried = [line for line in output.splitlines() if line.startswith(("refused: ", "ALLOWED: "))]
    assert len(tried) > 20, output
    breaches = [line for line in tried if line.startswith("ALLOWED: ")]
    for item in await stack.containers():
        name = item["Name"].strip("/")
        if "ok" in await stack.run("docker", "exec", item["Id"], "sh", "-c", "touch /mine && echo ok", wanted=None):
            breaches.append(f"{name} can write to its root file system")
        ports = [port for port, bound in item["NetworkSettings"]["Ports"].items() if bound]
        if ports and item["Config"]["Labels"]["com.docker.compose.service"] != "edge":
            breaches.append(f"{name} publishes {ports}")
        if Path(f"/proc/{item['State']['Pid']}/status").read_text().split("Uid:")[1].split()[0] == "0":
            breaches.append(f"{name} runs as root")
        has_way_out = any("egress" in network for network in item["NetworkSettings"]["Networks"])
        # The engines' images have no Python, and their networks no way out either.
        if item["Config"]["Image"] == IMAGE and not has_way_out:
            reached = await stack.run("docker", "exec", item["Id"], "python", "-c", _REACH_OUT, wanted=None)
            if "ok" in reached.splitlines():
                breaches.append(f"{name} can reach the internet")
    return breaches + await _visible_secrets(stack)


async def _visible_secrets(stack: Stack) -> list[str]:
    listed = await stack.compose(
        "run", "--rm", "-T", "--no-deps", "bootstrap", "sh", "-c", "cd /secrets/admin; grep -r . . "
    )
    secrets = dict(line.split(":", 1) for line in listed.splitlines() if line.startswith("./"))
    assert len(secrets) > 15, listed
    containers = await stack.containers()
    places = {
        "docker inspect": json.dumps(containers),
        "the image's history": await stack.run("docker", "history", "--no-trunc", IMAGE),
        "logs": await stack.compose("logs", "--no-log-prefix"),
        "environments and command lines": "".join(
            Path(f"/proc/{item['State']['Pid']}/{part}").read_text(errors="replace")
            for item in containers
            for part in ("environ", "cmdline")
        ),
    }
    # bootstrap prints the desk's first password once, on purpose; the cluster's id is no secret.
    places["logs"] = places["logs"].replace(secrets["./desk-password"], "", 1)
    return [
        f"{name} is visible in {place}"
        for name, secret in secrets.items()
        for place, text in places.items()
        if secret in text and name != "./kafka-cluster-id"
    ]


async def image_size_mb() -> tuple[int, int]:
    """The image's size in MB, and its size without the base image."""
    stack = Stack("none")
    whole, base = [
        int(await stack.run("docker", "image", "inspect", "-f", "{{.Size}}", name))
        for name in (IMAGE, "python:3.13-slim")
    ]
    return whole // 1_000_000, (whole - base) // 1_000_000
