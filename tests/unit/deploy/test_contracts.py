"""The written contracts agree with the code."""

import json

import pytest
from openapi_spec_validator import validate

from deploy.contracts import DOCS, DOCUMENTS, build_asyncapi, build_openapi, render
from shared.events import CATALOGUE
from shared.topics import SOURCES


@pytest.mark.parametrize("name", DOCUMENTS)
def test_written_contract_equals_the_generated_one(name: str) -> None:
    assert (DOCS / name).read_text() == render(DOCUMENTS[name]()), "run: python -m deploy.contracts"


def test_contract_texts_are_the_same_on_each_python() -> None:
    """Python 3.13 takes the indentation out of docstrings, older ones keep it."""
    assert "\\n  " not in (DOCS / "asyncapi.json").read_text()


def test_openapi_document_is_valid_and_operation_ids_are_unique() -> None:
    document = build_openapi()

    validate(document)
    ids = [operation["operationId"] for methods in document["paths"].values() for operation in methods.values()]
    assert len(ids) == len(set(ids))


def test_every_operation_documents_the_edges_own_answers() -> None:
    for path, methods in build_openapi()["paths"].items():
        for method, operation in methods.items():
            assert {"429", "503"} <= set(operation["responses"]), (method, path)


def test_bad_token_and_too_large_body_are_documented() -> None:
    paths = build_openapi()["paths"]
    decisions = [paths[f"/v1/comments/{{id}}/{action}"]["post"] for action in ("approve", "reject", "remove")]

    assert "401" in paths["/v1/articles/{id}/comments"]["post"]["responses"]
    assert all("413" in operation["responses"] for operation in decisions)


def test_428_is_documented_exactly_where_if_match_is_required() -> None:
    for path, methods in build_openapi()["paths"].items():
        for method, operation in methods.items():
            demanded = any(p["name"] == "If-Match" and p["required"] for p in operation.get("parameters", ()))
            assert ("428" in operation["responses"]) == demanded, (method, path)


def test_asyncapi_names_every_event_and_topic_and_references_resolve() -> None:
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
