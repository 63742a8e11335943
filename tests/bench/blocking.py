"""How long our pages block the main thread of a slow phone, against an empty page of the same site."""

import asyncio
import json
import statistics
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from playwright.async_api import Browser, ViewportSize

from services.rendering.pages.models import HomeView
from tests.bench.measure import Measure
from tests.support import look_samples as samples
from tests.support.browser import find_chromium
from tests.support.browsing import PHONE, open_browser
from tests.support.page_server import TEMPLATES, PageServer, serving

SLOWDOWN = 4
ROUNDS = 5
BAR = 2.0
LOADED_WITHIN_MS = 120_000
# Long enough for the parts below the first screen, which the page lays out later.
SETTLE_S = 2.0
# A task blocks from its fiftieth millisecond on (W3C Long Tasks, Lighthouse's Total Blocking Time).
_BLOCKS_AFTER_MS = 50.0
_TRACED = ["toplevel", "__metadata"]


@dataclass(frozen=True)
class PageLoad:
    """One load of a page: milliseconds of the main thread that block, that its longest task takes, and in all."""

    blocked: float
    longest: float
    tasks: float


async def measure_page_blocking() -> Measure:
    """The home page or an article, whichever blocks longer, against the home page of a site without articles.

    Task times are processor time, so that the machine's other work does not count; on a quiet machine they are what
    `longtask` entries of PerformanceObserver say. An empty page that blocks for less than 50 ms counts as 50 ms: a ratio
    needs a reference. All work of each page (`tasks`) is printed beside it.
    """
    chromium = find_chromium()
    if chromium is None:
        raise RuntimeError("page_blocking needs Chromium: `make browser` installs one")
    loads: dict[str, list[PageLoad]] = {name: [] for name in _PAGES}
    async with (
        serving(PageServer(samples.popular(), _PAGES, picture=_PICTURE)) as server,
        open_browser(chromium) as browser,
    ):
        # In turns, because the machine changes while we measure. The first round only warms up.
        for turn in range(1 + ROUNDS):
            for name in _PAGES:
                load = await _load(browser, server.address(name))
                if turn:
                    loads[name].append(load)
    blocked = {name: _median(loads[name], "blocked") for name in _PAGES}
    extra = {f"{name}_{key}": _median(loads[name], key) for name in _PAGES for key in ("blocked", "longest", "tasks")}
    return Measure(
        "page_blocking",
        max(blocked["home"], blocked["article"]),
        max(blocked["empty"], _BLOCKS_AFTER_MS),
        unit="ms blocked",
        bar=BAR,
        sense="at_most",
        extra=extra,
    )


def _median(loads: Sequence[PageLoad], key: str) -> float:
    return statistics.median(float(getattr(load, key)) for load in loads)


async def _load(browser: Browser, address: str) -> PageLoad:
    """Load a page as a slow phone does that has never seen the site."""
    screen: ViewportSize = {"width": PHONE["width"], "height": PHONE["height"]}
    context = await browser.new_context(viewport=screen, is_mobile=True, device_scale_factor=2)
    try:
        page = await context.new_page()
        devtools = await context.new_cdp_session(page)
        await devtools.send("Emulation.setCPUThrottlingRate", {"rate": SLOWDOWN})
        await browser.start_tracing(page=page, categories=_TRACED)
        try:
            await page.goto(address, timeout=LOADED_WITHIN_MS)
            await asyncio.sleep(SETTLE_S)
        finally:
            trace = await browser.stop_tracing()
    finally:
        await context.close()
    tasks = _main_thread_tasks(json.loads(trace)["traceEvents"])
    blocked = sum(max(0.0, task - _BLOCKS_AFTER_MS) for task in tasks)
    return PageLoad(blocked, max(tasks), sum(tasks))


def _main_thread_tasks(events: Sequence[Mapping[str, object]]) -> Sequence[float]:
    """Processor time of every task, in milliseconds, of the renderer that worked most: other tabs' do next to nothing."""
    mains = {
        (event["pid"], event["tid"])
        for event in events
        if event["name"] == "thread_name" and event["args"] == {"name": "CrRendererMain"}
    }
    tasks: dict[object, list[float]] = {thread: [] for thread in mains}
    for event in events:
        thread = event["pid"], event["tid"]
        if thread in mains and event["ph"] == "X" and event["name"] == "ThreadControllerImpl::RunTask":
            tasks[thread].append(float(str(event.get("tdur", 0))) / 1000)
    return max(tasks.values(), key=sum)


_PICTURE = TEMPLATES.assets.by_url[TEMPLATES.assets.url("icon-512.png")].content
_PAGES: Mapping[str, str] = {
    "empty": TEMPLATES.home(HomeView()),
    "home": TEMPLATES.home(samples.home()),
    "article": TEMPLATES.article(replace(samples.article(), comments=samples.comments(6))),
}

MEASURES: Mapping[str, Callable[[], Awaitable[Measure]]] = {"page_blocking": measure_page_blocking}
