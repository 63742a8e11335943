"""A correction's way to its readers, step by step, and what they then see of it."""

from collections.abc import Mapping
from datetime import datetime

import pytest

from tests.support.polling import eventually
from tests.support.running import Platform

pytestmark = pytest.mark.asyncio(loop_scope="session")
STEPS = ("committed_at", "sent_at", "projected_at", "visible_at")


async def _trace(platform: Platform, article: Mapping[str, object]) -> Mapping[str, object]:
    url = f"{platform.edge}/v1/articles/{article['id']}/trace"
    async with platform.http.get(url, headers=platform.editor) as answer:
        assert answer.status == 200, await answer.text()
        found: Mapping[str, object] = await answer.json()
        return found


async def test_correction_is_traced_to_its_readers_and_stands_in_the_history(platform: Platform) -> None:
    public = await platform.publish("Traced ferry fares", section="world", body="They rise by ten per cent.")
    fields = {"headline": "Traced ferry fares", "section": "world", "body_markdown": "They rise by twelve per cent."}
    edited = await platform.edit(public, fields)
    corrected = await platform.act(edited, "correct", {"note": "It is twelve, not ten."})

    async def is_visible() -> bool:
        found = await _trace(platform, corrected)
        return found["version"] == corrected["version"] and None not in found.values()

    await eventually(is_visible)

    found = await _trace(platform, corrected)
    times = [datetime.fromisoformat(str(found[step])) for step in STEPS]
    assert times == sorted(times)
    await platform.until_shown(f"{corrected['url']}/history", "It is twelve, not ten.")
    _, page = await platform.page(f"{corrected['url']}/history")
    assert "twelve " in page.split("<ins>", 1)[1].split("</ins>", 1)[0]
    assert "ten " in page.split("<del>", 1)[1].split("</del>", 1)[0]
