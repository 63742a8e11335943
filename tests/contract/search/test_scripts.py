"""Scripts without spaces, on a real index: what is found in headlines and texts, and what its snippet marks."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from services.search import store
from services.search.generations import Generations
from services.search.rules import parse
from services.search.searcher import open_index
from services.search.store import LogPosition, SearchIndex
from tests.support.projector import an_article

TEXTS = {
    "tower": ("東京タワーの夜", "港区の展望台から、海と橋を見る。"),
    "bay": ("東京湾の朝", "タワマンと夜景、京都タクシー。"),
    "expo": ("Shanghai上海2026", "在浦东举行的博览会，从市中心出发只需二十分钟。"),
    "mirage": ("海市蜃楼", "沙漠上空出现了奇景。"),
    "seoul": ("서울은 지금", "한강에서 사람들이 걷는다."),
    "market": ("ตลาดน้ำยามเช้า", "แม่ค้าพายเรือขายผลไม้ที่คลอง"),
    "vientiane": ("ແຄມຂອງຕອນແລງ", "ຄົນຍ່າງຢູ່ນະຄອນຫຼວງວຽງຈັນ"),
    "phnom-penh": ("ទីក្រុងភ្នំពេញ", "ទន្លេ\u200bមេគង្គ\u200bហូរ\u200bកាត់"),
    "yangon": ("ရန်ကုန်မြို့", "မြစ်ကမ်းမှာ လူတွေ စောင့်နေကြတယ်"),
    "latin": ("A night in Tokyo", "The tower café, as seen from the bay."),
    "arabic": ("المكتبة المتنقلة", "زار الأطفال القرية"),
}


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SearchIndex]:
    index = _filled(tmp_path_factory.mktemp("index"))
    yield index
    index.close()


def _filled(folder: Path) -> SearchIndex:
    index = SearchIndex(folder)
    index.write()
    index.apply(
        an_article(id=name, headline=headline, standfirst="", body_html=f"<p>{text}</p>", url=f"/world/{name}")
        for name, (headline, text) in TEXTS.items()
    )
    index.commit(LogPosition("a log"))
    return index


def _found(index: SearchIndex, q: str) -> dict[object, object]:
    return {item["article_id"]: item["snippet_html"] for item in index.search(parse(q), 0, 20).items}


@pytest.mark.parametrize(
    ("q", "names"),
    [
        ("東京", {"tower", "bay"}),
        ("東京タワー", {"tower"}),
        ('"東京タワー"', {"tower"}),
        ("タワー", {"tower"}),
        ("ﾀﾜｰ", {"tower"}),
        ("夜", {"tower", "bay"}),
        ('"夜"', {"tower", "bay"}),
        ("橋", {"tower"}),
        ("東京 夜", {"tower", "bay"}),
        ("京タ", {"tower"}),
        ("東夜", set()),
        ("タワー東京", set()),
        ('"の夜 東京"', set()),
        ("上海", {"expo"}),
        ("海", {"tower", "expo", "mirage"}),
        ("海市", {"mirage"}),
        ("市中心", {"expo"}),
        ("shanghai", {"expo"}),
        ("Shanghai上海2026", {"expo"}),
        ('"Shanghai上海"', {"expo"}),
        ('"上海2026"', {"expo"}),
        ('"海2026"', {"expo"}),
        ('"2026上海"', set()),
        ("2026", {"expo"}),
        ("서울", {"seoul"}),
        ("서우", {"seoul"}),
        ("서", {"seoul"}),
        ("사람", {"seoul"}),
        ("서울에", set()),
        ("ตลาด", {"market"}),
        ("น้ำ", {"market"}),
        ("ผลไม้", {"market"}),
        ("ตลาดผลไม้", set()),
        ("ວຽງຈັນ", {"vientiane"}),
        ("ຂອງ", {"vientiane"}),
        ("ភ្នំពេញ", {"phnom-penh"}),
        ("ភ្នំ", {"phnom-penh"}),
        ("មេគង្គហូរ", {"phnom-penh"}),
        ("ရန်ကုန်", {"yangon"}),
        ("မြစ်", {"yangon"}),
        ("tower", {"latin"}),
        ("cafe", {"latin"}),
        ("مكتبه", {"arabic"}),
    ],
)
def test_run_is_found_wherever_it_is_part_of_a_text(index: SearchIndex, q: str, names: set[str]) -> None:
    assert set(_found(index, q)) == names
    assert set(_found(index, f"{q} ")) == (names if q != "서우" else set())


@pytest.mark.parametrize(
    ("q", "name", "marked"),
    [
        ("展望台", "tower", "港区の<mark>展望台</mark>から、海と橋を見る。"),
        ("橋", "tower", "港区の展望台から、海と<mark>橋</mark>を見る。"),
        ("東京 夜", "bay", "タワマンと<mark>夜</mark>景、京都タクシー。"),
        ('"市中心"', "expo", "在浦东举行的博览会，从<mark>市中心</mark>出发只需二十分钟。"),
        ("사람", "seoul", "한강에서 <mark>사람</mark>들이 걷는다."),
        ("ผลไม้", "market", "แม่ค้าพายเรือขาย<mark>ผลไม้</mark>ที่คลอง"),
        ("ວຽງຈັນ", "vientiane", "ຄົນຍ່າງຢູ່ນະຄອນຫຼວງ<mark>ວຽງຈັນ</mark>"),
        ("មេគង្គ", "phnom-penh", "ទន្លេ\u200b<mark>មេគង្គ\u200b</mark>ហូរ\u200bកាត់"),
        ("မြစ်", "yangon", "<mark>မြစ်</mark>ကမ်းမှာ လူတွေ စောင့်နေကြတယ်"),
    ],
)
def test_snippet_marks_the_run_in_the_original_text(index: SearchIndex, q: str, name: str, marked: str) -> None:
    assert _found(index, q)[name] == marked


def test_run_in_a_headline_ranks_before_one_in_a_text(index: SearchIndex) -> None:
    assert next(iter(_found(index, "海 "))) != "tower"
    assert list(_found(index, "夜 ")) == ["tower", "bay"]


def test_index_of_the_former_analysis_is_built_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    generations = Generations(tmp_path)
    with monkeypatch.context() as patched:
        patched.setattr(store, "FORMAT", store.FORMAT - 1)
        _filled(generations.path(1)).close()

    with pytest.raises(ValueError, match="format"):
        SearchIndex(generations.path(1))
    index = open_index(generations, 1)

    assert (index.size, index.position) == (0, LogPosition())
