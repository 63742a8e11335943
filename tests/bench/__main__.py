"""`python -m tests.bench [NAME ...]`: run the measures, print the table, write `$WM_DATA/bench.json`."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path

from tests.bench import (
    blocking,
    cold,
    comment_posts,
    comments,
    desk_list,
    desk_numbers,
    discussion_lists,
    discussions,
    hot,
    idle,
    keystrokes,
    live,
    million,
    moderate,
    phases,
    pictures,
    publish,
    saves,
    search,
    variants,
    views,
)
from tests.bench.measure import Measure

MEASURES: dict[str, Callable[[], Awaitable[Measure]]] = {
    **hot.MEASURES,
    **publish.MEASURES,
    **saves.MEASURES,
    **views.MEASURES,
    **million.MEASURES,
    **cold.MEASURES,
    **live.MEASURES,
    **search.MEASURES,
    **desk_list.MEASURES,
    **desk_numbers.MEASURES,
    **comments.MEASURES,
    **moderate.MEASURES,
    **comment_posts.MEASURES,
    **discussions.MEASURES,
    **discussion_lists.MEASURES,
    **idle.MEASURES,
    **blocking.MEASURES,
    **pictures.MEASURES,
    **variants.MEASURES,
    **keystrokes.MEASURES,
    **phases.MEASURES,
}


async def run(names: Sequence[str]) -> AsyncIterator[Measure]:
    """Run each measure and print its result."""
    print(f"{'measure':24} {'ours':>12} {'reference':>12} {'unit':12} {'ratio':>7} {'bar':>7}")
    for name in names:
        found = await MEASURES[name]()
        sign = ">=" if found.sense == "at_least" else "<="
        extra = "".join(f"  {key} {value:.1f}" for key, value in found.extra.items())
        print(
            f"{name:24} {found.ours:12.1f} {found.reference:12.1f} {found.unit:12} {found.ratio:7.2f} "
            f"{sign}{found.bar:5.2f} {'' if found.reached else 'missed'}{extra}",
            flush=True,
        )
        yield found


async def main(names: Sequence[str]) -> None:
    """Run the measures and write the results."""
    unknown = set(names) - set(MEASURES)
    if unknown:
        sys.exit(f"bench: unknown measure {', '.join(sorted(unknown))}; known: {', '.join(MEASURES)}")
    found = {measure.name: measure.as_dict() async for measure in run(names or list(MEASURES))}
    target = Path(os.environ.get("WM_DATA", ".data")) / "bench.json"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(found, indent=2) + "\n")
    print(f"written to {target}")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
