"""The oracle must detect lost and doubled views."""

from pathlib import Path

from tests.support.ledger import History, Ledger, find_breaches, read_history


def _history(tmp_path: Path, lines: list[dict[str, object]]) -> History:
    path = tmp_path / "ledger"
    Ledger(path).write(lines)
    return read_history(path)


def test_view_without_a_response_is_unknown(tmp_path: Path) -> None:
    history = _history(
        tmp_path, [{"id": "1", "article": "a"}, {"id": "2", "article": "a"}, {"id": "2", "outcome": "ok", "at": 1}]
    )

    assert history.acknowledged["a"] == 1
    assert history.unknown["a"] == 1


def test_lost_and_doubled_views_are_breaches_and_unknown_ones_are_not(tmp_path: Path) -> None:
    history = _history(
        tmp_path, [{"id": "1", "article": "a"}, {"id": "1", "outcome": "ok", "at": 1}, {"id": "2", "article": "a"}]
    )

    assert find_breaches(history, {"a": 1}) == []
    assert find_breaches(history, {"a": 2}) == []
    assert find_breaches(history, {"a": 0}) == ["a: 1 acknowledged, 1 unknown, 0 counted"]
    assert find_breaches(history, {"a": 3}) == ["a: 1 acknowledged, 1 unknown, 3 counted"]


def test_count_of_an_article_without_views_is_a_breach() -> None:
    assert find_breaches(History(), {"b": 1}) == ["b: 0 acknowledged, 0 unknown, 1 counted"]
