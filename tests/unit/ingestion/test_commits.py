"""Groups of changes for one transaction."""

from services.ingestion.articles.acts import Origin
from services.ingestion.articles.commits import Commit, grouped
from services.ingestion.articles.records import Change
from tests.support.drafts import INES, a_draft


def commit_of(length: int) -> Commit:
    article = a_draft()
    content = article.working.model_copy(update={"body_markdown": "x" * length, "body_html": ""})
    change = Change("publish", INES, article, article.model_copy(update={"working": content}))
    return Commit(change, None, Origin("a", "Ines", "schedule", "local"))


def test_groups_have_at_most_so_many_changes_and_so_much_text_and_lose_none() -> None:
    lengths = [10, 10, 10, 95, 10, 300, 10, 10]

    groups = list(grouped([commit_of(length) for length in lengths], most=3, longest=100))

    assert [[one.text_length for one in group] for group in groups] == [[10, 10, 10], [95], [10], [300], [10, 10]]
    assert list(grouped([], 3, 100)) == []
