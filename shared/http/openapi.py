"""Builds OpenAPI 3.1 from a service's table of operations. `deploy/contracts.py` merges the services' documents."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from shared.http.requests import LARGEST_PAGE, USUAL_PAGE

PROBLEMS: Mapping[int, str] = {
    400: "Malformed",
    401: "No or bad credentials",
    403: "Not allowed",
    404: "Not there",
    405: "Not with this method",
    408: "The body stopped arriving",
    409: "Not in this state",
    410: "Withdrawn",
    412: "Someone was faster",
    413: "Too large",
    415: "Wrong content type",
    422: "Fields at fault",
    428: "If-Match is missing",
    429: "Too many requests",
    501: "Not in this format",
    503: "Try again",
}


@dataclass(frozen=True)
class Parameter:
    """A parameter; `location` is query, path or header, `schema` is JSON Schema."""

    name: str
    location: str
    description: str
    schema: Mapping[str, object]
    required: bool = False


# The parameters of every list.
LIMIT = Parameter(
    "limit",
    "query",
    "How many items at most",
    {"type": "integer", "minimum": 1, "maximum": LARGEST_PAGE, "default": USUAL_PAGE},
)
CURSOR = Parameter("cursor", "query", "The `next_cursor` of the previous page", {"type": "string"})


@dataclass(frozen=True)
class Operation:
    """One method of one path. `answers` maps a status to the model of its JSON body, or to None without one."""

    id: str
    method: str
    path: str
    summary: str
    answers: Mapping[int, type[BaseModel] | None]
    problems: Sequence[int] = ()
    body: Mapping[str, type[BaseModel]] = field(default_factory=dict)
    parameters: Sequence[Parameter] = ()
    secured: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)


def document(title: str, version: str, operations: Sequence[Operation]) -> dict[str, Any]:
    """An OpenAPI 3.1 document of the operations."""
    models = {model for operation in operations for model in _models(operation)}
    ordered = sorted(models, key=lambda model: model.__name__)
    _, definitions = models_json_schema(
        [(model, "serialization" if model in _answers(operations) else "validation") for model in ordered],
        ref_template="#/components/schemas/{model}",
    )
    paths: dict[str, dict[str, object]] = {}
    for operation in operations:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation)
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": version},
        "paths": paths,
        "components": {
            "schemas": {**definitions.get("$defs", {}), "Problem": _PROBLEM},
            "securitySchemes": {"editor": {"type": "http", "scheme": "bearer"}},
        },
    }


def _models(operation: Operation) -> list[type[BaseModel]]:
    return [*operation.body.values(), *(model for model in operation.answers.values() if model is not None)]


def _answers(operations: Sequence[Operation]) -> set[type[BaseModel]]:
    return {model for operation in operations for model in operation.answers.values() if model is not None}


def _operation(operation: Operation) -> dict[str, object]:
    described: dict[str, object] = {
        "operationId": operation.id,
        "summary": operation.summary,
        "responses": _responses(operation),
    }
    if operation.parameters:
        described["parameters"] = [_parameter(parameter) for parameter in operation.parameters]
    if operation.body:
        content = {kind: {"schema": _reference(model)} for kind, model in operation.body.items()}
        described["requestBody"] = {"required": True, "content": content}
    if operation.secured:
        described["security"] = [{"editor": []}]
    return described


def _responses(operation: Operation) -> dict[str, object]:
    headers = {name: {"description": text, "schema": {"type": "string"}} for name, text in operation.headers.items()}
    answers: dict[str, object] = {}
    for status, model in operation.answers.items():
        answer: dict[str, object] = {"description": "Done"}
        if model is not None:
            answer["content"] = {"application/json": {"schema": _reference(model)}}
        if headers:
            answer["headers"] = headers
        answers[str(status)] = answer
    for status in operation.problems:
        content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
        answers[str(status)] = {"description": PROBLEMS[status], "content": content}
    return answers


def _parameter(parameter: Parameter) -> dict[str, object]:
    return {
        "name": parameter.name,
        "in": parameter.location,
        "description": parameter.description,
        "required": parameter.required or parameter.location == "path",
        "schema": dict(parameter.schema),
    }


def _reference(model: type[BaseModel]) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{model.__name__}"}


_PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["pointer", "detail"],
                "properties": {"pointer": {"type": "string"}, "detail": {"type": "string"}},
            },
        },
    },
}
