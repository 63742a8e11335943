"""Files of other comment systems as values, and the places of their comments."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.comments.imports.disqus import DisqusExport
from services.comments.imports.html_text import to_text
from services.comments.imports.isso import IssoDatabase
from services.comments.imports.plan import as_comment, match_threads, path_of, place
from services.comments.imports.source import BadImport, Source, SourceComment, SourceThread
from services.comments.model.records import Comment, VoteCount
from tests.support.old_comments import disqus_post, write_disqus, write_isso


class Listed:
    """A source of given comments."""

    name = "listed"

    def __init__(self, *found: SourceComment) -> None:
        self._found = found

    def threads(self) -> Iterator[SourceThread]:
        yield SourceThread("1", "/world/a", "A")

    def comments(self) -> Iterator[SourceComment]:
        yield from self._found


def a_comment(number: int, parent: int | None = None, **changes: object) -> SourceComment:
    fields: dict[str, object] = {
        "id": str(number), "thread": "1", "parent": None if parent is None else str(parent), "name": "Ada", "email": "",
        "website": None, "body": f"Text {number}", "status": "published",
        "created_at": datetime(2019, 1, 1, 0, 0, number, tzinfo=UTC),
    }  # fmt: skip
    return SourceComment(**{**fields, **changes})  # type: ignore[arg-type]


def stored(source: Source) -> dict[str, Comment | str]:
    places = place(source, {"1": "article"})
    return {found.id: as_comment(found, places) for found in source.comments()}


def test_isso_gives_states_votes_and_times(tmp_path: Path) -> None:
    source = IssoDatabase(write_isso(tmp_path / "comments.db", "/world/a/"))

    (thread,) = source.threads()
    opener, reply, waiting, deleted, _ = source.comments()

    assert (thread.id, thread.address, thread.title) == ("1", "/world/a/", "The lake")
    assert (opener.name, opener.email, opener.votes) == ("Ada", "ada@example.org", VoteCount(5, 2))
    assert opener.created_at == datetime.fromtimestamp(1_500_000_000.25, UTC)
    assert opener.edited_at == datetime.fromtimestamp(1_500_000_500, UTC)
    assert (reply.parent, reply.name, reply.status) == ("1", "", "published")
    assert (waiting.status, deleted.status, deleted.body) == ("pending", "removed", "")


def test_disqus_gives_states_and_text(tmp_path: Path) -> None:
    posts = (
        disqus_post(1, '<p>One &amp; two<br>three</p><p>See <a href="https://a.example/b">this</a></p>')
        + disqus_post(2, "<p>Buy</p>", spam=True)
        + disqus_post(3, "<p>Gone</p>", parent=1, deleted=True)
    )
    source = DisqusExport(write_disqus(tmp_path / "export.xml", "https://old.example/world/a?x=1", posts))

    threads, (first, spam, deleted) = list(source.threads()), list(source.comments())

    assert [(thread.id, thread.address) for thread in threads] == [("100", "https://old.example/world/a?x=1")]
    assert first.body == "One & two\nthree\n\nSee this (https://a.example/b)"
    assert (first.name, first.created_at) == ("Reader 1", datetime(2019, 5, 1, 10, 1, tzinfo=UTC))
    assert (spam.status, spam.spam) == ("rejected", True)
    assert (deleted.status, deleted.parent, deleted.body) == ("removed", "1", "")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("<rss/>", "no export of Disqus"),
        ("no xml at all", "no whole XML"),
        ('<disqus xmlns="http://disqus.com"><post>', "no whole XML"),
        ('<disqus xmlns="http://disqus.com"><post/></disqus>', "has no dsq:id"),
    ],
)
def test_file_of_another_kind_is_refused(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "export.xml"
    path.write_text(text, "utf-8")

    with pytest.raises(BadImport, match=message):
        list(DisqusExport(path).comments())
    with pytest.raises(BadImport, match="no database of Isso"):
        list(IssoDatabase(path).comments())


def test_entities_of_an_export_load_nothing(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("the secret", "utf-8")
    path = write_disqus(tmp_path / "export.xml", "/world/a", disqus_post(1, "x]]>&outside;<![CDATA["))
    text = path.read_text("utf-8")
    declared = f'<!DOCTYPE disqus [<!ENTITY outside SYSTEM "{secret.as_uri()}">]>\n<disqus '
    path.write_text(text.replace("<disqus ", declared, 1), "utf-8")

    assert "the secret" not in "".join(comment.body for comment in DisqusExport(path).comments())


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("", ""),
        ("plain", "plain"),
        ("<p>a</p><p>b</p>", "a\n\nb"),
        ("a<br/>b", "a\nb"),
        ("<ul><li>a</li><li>b</li></ul>", "a\n\nb"),
        ('<a href="https://a.example/">https://a.example/</a>', "https://a.example/"),
        ('<a href="https://a.example/long/way">https://a.example/lo...</a>', "https://a.example/lo... (https://a.example/long/way)"),
        ('<a href="javascript:alert(1)">click</a>', "click"),
        ("<script>alert(1)</script>after", "after"),
        ("<b>not <i>closed", "not closed"),
    ],
)  # fmt: skip
def test_html_is_read_as_a_reader_would(html: str, text: str) -> None:
    assert to_text(html) == text


def test_deep_html_is_read_without_recursion() -> None:
    assert to_text("<div>" * 200 + "deep" + "</div>" * 200).strip() == "deep"


def test_second_import_gets_the_same_ids_in_order_of_time() -> None:
    source = Listed(a_comment(3), a_comment(1), a_comment(2, parent=1))

    once, again = place(source, {}), place(source, {})

    assert once.placed == again.placed
    assert sorted(once.placed, key=lambda number: once.placed[number].id) == ["1", "2", "3"]
    assert once.placed["2"].parent_id == once.placed["2"].root_id == once.placed["1"].id


@given(st.dictionaries(st.integers(0, 30), st.integers(0, 35), max_size=30))
def test_every_comment_hangs_from_a_top_comment_whatever_the_parents(parents: dict[int, int]) -> None:
    placed = place(Listed(*(a_comment(number, parent) for number, parent in parents.items())), {}).placed

    by_id = {one.id: one for one in placed.values()}
    for one in placed.values():
        steps, above = 0, one
        while above.parent_id is not None:
            assert above.root_id == one.root_id
            above, steps = by_id[above.parent_id], steps + 1
            assert steps <= len(placed)
        assert above.id == one.root_id


def test_deleted_comment_stays_only_beneath_its_replies() -> None:
    found = stored(
        Listed(
            a_comment(1, status="removed"),
            a_comment(2, parent=1),
            a_comment(3, status="removed"),
            a_comment(4, body="\u200b"),
        )
    )

    assert isinstance(found["1"], Comment)
    assert (found["1"].status, found["1"].name, found["1"].body) == ("removed", "", "")
    assert (found["3"], found["4"]) == ("deleted", "no text")


def test_text_name_and_website_follow_our_rules() -> None:
    found = stored(Listed(
        a_comment(1, body="a\x00b\r\n\u202ec", name="\u202eevil", website="javascript:alert(1)"),
        a_comment(2, body="<b>bold</b>", name="x" * 200, website="https://a.example"),
        a_comment(3, body="y" * 20_001),
    ))  # fmt: skip

    first, second = found["1"], found["2"]
    assert isinstance(first, Comment)
    assert isinstance(second, Comment)
    assert (first.body, first.name, first.website) == ("ab\nc", "Guest", None)
    assert (second.body_html, second.name, second.website) == (
        "<p>&lt;b&gt;bold&lt;/b&gt;</p>",
        "x" * 80,
        "https://a.example",
    )
    assert found["3"] == "too long"


def test_threads_are_matched_by_path_and_by_the_operators_table() -> None:
    threads = [
        SourceThread("1", "https://old.example/world/a/?utm=1#x", ""),
        SourceThread("2", "https://old.example/2019/05/b.html", ""),
        SourceThread("3", "https://old.example/nowhere", ""),
    ]

    articles, unmatched = match_threads(threads, {"https://old.example/2019/05/b.html": "B"}, {"/world/a": "A"}.get)

    assert articles == {"1": "A", "2": "B"}
    assert [thread.id for thread in unmatched] == ["3"]
    assert path_of("https://old.example/%D8%A7/") == "/ا"
