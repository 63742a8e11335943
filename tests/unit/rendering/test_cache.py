"""The page cache never returns a page older than its floors, in any order of renders and events."""

from collections.abc import Mapping
from dataclasses import dataclass

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from services.rendering.gateway.cache import DEPENDENCY_BYTES, ENTRY_BYTES, PageCache, Ticket
from tests.support.examples import examples

DEPENDENCIES = st.sampled_from(("article:1", "article:2", "list:site:front"))
KEYS = st.sampled_from(("/", "/world", "/world/a", "/world/b"))
ROOM = {"most_bytes": 1_000_000, "most_absence_bytes": 100_000}


def a_cache(**room: int) -> PageCache[str]:
    return PageCache(**(ROOM | room))


def put(
    cache: PageCache[str], key: str, versions: Mapping[str, int], *, size: int = 10, absent: bool = False, at: float = 0
) -> bool:
    epoch = cache.begin().epoch
    return cache.store(
        key, f"{key} of {versions}", versions, epoch=epoch, size_bytes=size, expires_at=at + 60, absent=absent
    )


def test_page_is_found_until_one_of_its_documents_changes() -> None:
    cache = a_cache()
    put(cache, "/world/a", {"article:1": 1})

    before = cache.find("/world/a", now=1)
    dropped = cache.raise_floor("article:1", 2)

    assert before is not None
    assert dropped == 1
    assert cache.find("/world/a", now=1) is None


def test_page_stays_when_the_event_of_its_own_version_arrives_late() -> None:
    cache = a_cache()
    put(cache, "/world/a", {"article:1": 2})

    dropped = cache.raise_floor("article:1", 2)

    assert dropped == 0
    assert cache.find("/world/a", now=1) is not None


def test_page_from_old_data_is_not_stored_after_a_newer_event() -> None:
    cache = a_cache()
    ticket = cache.begin()
    cache.raise_floor("article:1", 2)

    settled = cache.settle({"article:1": 1}, ticket)

    assert settled is None
    assert not put(cache, "/world/a", {"article:1": 1})


def test_page_with_newer_data_drops_pages_with_older_data() -> None:
    cache = a_cache()
    put(cache, "/world/a", {"article:1": 1})

    cache.observe({"list:site:front": 9, "article:1": 2})

    assert cache.find("/world/a", now=1) is None


def test_absence_is_dropped_when_its_path_gets_an_article() -> None:
    cache = a_cache()
    put(cache, "/world/a", {"path:/world/a": 0}, absent=True)

    cache.raise_floor("path:/world/a", 1)

    assert cache.find("/world/a", now=1) is None


def test_absence_read_after_the_event_of_its_removal_is_settled() -> None:
    cache = a_cache()
    cache.raise_floor("path:/world/a", 7)
    ticket = cache.begin()

    settled = cache.settle({"path:/world/a": 0}, ticket)

    assert settled == {"path:/world/a": 7}


def test_absence_read_before_an_event_of_its_path_is_outdated() -> None:
    cache = a_cache()
    ticket = cache.begin()
    cache.raise_floor("path:/world/a", 7)

    assert cache.settle({"path:/world/a": 0}, ticket) is None


def test_render_begun_before_a_clear_is_not_stored() -> None:
    cache = a_cache()
    put(cache, "/", {"list:site:front": 1})
    ticket = cache.begin()

    cache.clear()

    assert cache.find("/", now=1) is None
    assert cache.settle({"list:site:front": 1}, ticket) is None
    assert (len(cache), cache.size_bytes) == (0, 0)


def test_expired_entry_is_not_found() -> None:
    cache = a_cache()
    put(cache, "/", {"list:site:front": 1}, at=0)

    assert cache.find("/", now=60) is None
    assert len(cache) == 0


def test_least_recently_used_page_is_evicted() -> None:
    cost = 1000 + ENTRY_BYTES + DEPENDENCY_BYTES
    cache = a_cache(most_bytes=3 * cost)
    for key in ("/a", "/b", "/c"):
        put(cache, key, {key: 1}, size=1000)
    cache.find("/a", now=1)

    put(cache, "/d", {"/d": 1}, size=1000)

    assert [key for key in ("/a", "/b", "/c", "/d") if cache.find(key, now=1)] == ["/a", "/c", "/d"]
    assert cache.size_bytes == 3 * cost


def test_page_that_grows_past_the_bound_evicts_others() -> None:
    cache = a_cache(most_bytes=5000)
    put(cache, "/a", {"a": 1}, size=100)
    put(cache, "/b", {"b": 1}, size=100)
    page = cache.find("/b", now=1)
    assert page is not None

    cache.resize("/b", page, 4000)

    assert cache.find("/a", now=1) is None
    assert cache.size_bytes == 4000 + ENTRY_BYTES + DEPENDENCY_BYTES


def test_guessed_addresses_evict_no_page() -> None:
    cache = a_cache(most_absence_bytes=10_000)
    put(cache, "/world/a", {"article:1": 1})

    for number in range(1000):
        put(cache, f"/guess/{number}", {f"path:/guess/{number}": 0}, size=0, absent=True)

    assert cache.find("/world/a", now=1) is not None
    assert len(cache) < 20


@dataclass(frozen=True)
class Rendering:
    """A running render: its page, its ticket, the versions that it has read."""

    key: str
    ticket: Ticket
    read: Mapping[str, int]


class Races(RuleBasedStateMachine):
    """Renders, events, late events, evictions and lost logs in any order.

    `truth` is a database whose versions only grow. `shown` holds the newest version that an answer has shown; no later
    answer may be older.
    """

    renderings = Bundle("renderings")

    def __init__(self) -> None:
        super().__init__()
        self.cache: PageCache[Mapping[str, int]] = PageCache(most_bytes=4000, most_absence_bytes=2000)
        self.truth: dict[str, int] = {}
        self.published: dict[str, int] = {}
        self.shown: dict[str, int] = {}

    @rule(dependency=DEPENDENCIES)
    def commit(self, dependency: str) -> None:
        self.truth[dependency] = self.truth.get(dependency, 0) + 1

    @rule(dependency=DEPENDENCIES)
    def receive_event(self, dependency: str) -> None:
        version = self.truth.get(dependency, 0)
        self.cache.raise_floor(dependency, version)
        self.published[dependency] = version

    @rule(dependency=DEPENDENCIES, back=st.integers(1, 3))
    def receive_late_event(self, dependency: str, back: int) -> None:
        self.cache.raise_floor(dependency, self.truth.get(dependency, 0) - back)

    @rule(target=renderings, key=KEYS, dependencies=st.sets(DEPENDENCIES, min_size=1))
    def begin(self, key: str, dependencies: set[str]) -> Rendering:
        return Rendering(key, self.cache.begin(), {name: self.truth.get(name, 0) for name in dependencies})

    @rule(rendering=consumes(renderings), absent=st.booleans())
    def finish(self, rendering: Rendering, absent: bool) -> None:
        versions = self.cache.settle(rendering.read, rendering.ticket)
        if versions is None:
            return
        self.cache.observe(versions)
        self._answer(rendering.read)
        self.cache.store(
            rendering.key,
            rendering.read,
            versions,
            epoch=rendering.ticket.epoch,
            size_bytes=300,
            expires_at=60,
            absent=absent,
        )

    @rule(key=KEYS)
    def ask(self, key: str) -> None:
        found = self.cache.find(key, now=1)
        if found is not None:
            self._answer(found)

    @rule()
    def lose_the_log(self) -> None:
        self.cache.clear()
        self.published.clear()

    def _answer(self, versions: Mapping[str, int]) -> None:
        for name, version in versions.items():
            assert version >= self.shown.get(name, 0), f"{name}: {version} after {self.shown[name]}"
            assert version >= self.published.get(name, 0), f"{name}: {version} after {self.published[name]} published"
            self.shown[name] = version

    @invariant()
    def bounds_are_kept(self) -> None:
        assert self.cache.size_bytes <= 6000


TestRaces = Races.TestCase
TestRaces.settings = settings(max_examples=examples(80), stateful_step_count=40, deadline=None)
