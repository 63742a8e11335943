"""The written contracts are what the code does."""

import json

import pytest
from openapi_spec_validator import validate

from deploy.contracts import DOCS, DOCUMENTS, build_asyncapi, build_openapi, render
from shared.events import CATALOGUE
from shared.topics import SOURCES


@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_written_contract_is_the_codes(name: str) -> None:
    assert (DOCS / name).read_text() == render(DOCUMENTS[name]()), "run: python -m deploy.contracts"


def test_texts_are_the_same_on_each_python() -> None:
    """Python 3.13 takes the indentation out of docstrings, older ones keep it."""
    assert "\\n  " not in (DOCS / "asyncapi.json").read_text()


def test_the_openapi_document_is_valid_and_names_each_operation_once() -> None:
    document = build_openapi()

    validate(document)
    ids = [operation["operationId"] for methods in document["paths"].values() for operation in methods.values()]
    assert len(ids) == len(set(ids))


def test_what_the_edge_says_to_everyone_is_among_the_answers_of_each_operation() -> None:
    for path, methods in build_openapi()["paths"].items():
        for method, operation in methods.items():
            assert {"429", "503"} <= set(operation["responses"]), (method, path)


def test_a_comment_with_a_bad_token_and_a_decision_with_too_large_a_body_have_their_answers() -> None:
    paths = build_openapi()["paths"]
    decisions = [paths[f"/v1/comments/{{id}}/{action}"]["post"] for action in ("approve", "reject", "remove")]

    assert "401" in paths["/v1/articles/{id}/comments"]["post"]["responses"]
    assert all("413" in operation["responses"] for operation in decisions)


def test_428_is_an_answer_exactly_where_if_match_is_demanded() -> None:
    for path, methods in build_openapi()["paths"].items():
        for method, operation in methods.items():
            demanded = any(p["name"] == "If-Match" and p["required"] for p in operation.get("parameters", ()))
            assert ("428" in operation["responses"]) == demanded, (method, path)


def test_every_event_and_topic_is_in_the_asyncapi_document_and_every_reference_leads_somewhere() -> None:
    document = build_asyncapi()

    assert set(document["channels"]) == {topic.name for topic in SOURCES}
    assert set(document["components"]["messages"]) == {event.__name__ for event in CATALOGUE}
    for reference in _references(json.loads(json.dumps(document))):
        found = document
        for part in reference.removeprefix("#/").split("/"):
            found = found[part]


def _references(node: object) -> list[str]:
    if isinstance(node, dict):
        here = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
        return here + [reference for value in node.values() for reference in _references(value)]
    return [reference for value in node for reference in _references(value)] if isinstance(node, list) else []
