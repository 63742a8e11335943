"""`python -m deploy.contracts` writes the public contracts from the code.

`docs/openapi.json` is OpenAPI 3.1; the edge serves it at `/v1/openapi.json`. `docs/asyncapi.json` is AsyncAPI 3.0: every topic
and event. A test compares the files with the code.
"""

import inspect
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic.json_schema import models_json_schema

from services.comments.contract import OPERATIONS as COMMENTS
from services.ingestion.articles.contract import OPERATIONS as ARTICLES
from services.ingestion.articles.desk_contract import OPERATIONS as DESK_LISTS
from services.ingestion.articles.revision_contract import OPERATIONS as REVISIONS
from services.ingestion.articles.schedule_contract import OPERATIONS as SCHEDULE
from services.ingestion.articles.together_contract import OPERATIONS as TOGETHER
from services.ingestion.people.audit_contract import OPERATIONS as AUDIT
from services.ingestion.people.operations import OPERATIONS as PEOPLE
from services.ingestion.people.token_contract import OPERATIONS as TOKENS
from services.media.api.operations import OPERATIONS as MEDIA
from services.popularity.contract import OPERATIONS as POPULARITY
from services.popularity.numbers.contract import OPERATIONS as NUMBERS
from services.rendering.contract import OPERATIONS as RENDERING
from services.search.contract import OPERATIONS as SEARCH
from shared.events import CATALOGUE
from shared.http import openapi
from shared.topics import SOURCES, Topic

VERSION = "0.1.0"
DOCS = Path(__file__).resolve().parents[1] / "docs"


# The edge itself answers 429 (limits by client address) and 503 (the service does not answer).
_EDGE_PROBLEMS = (429, 503)


def build_openapi() -> dict[str, Any]:
    """All public operations in one document, with the edge's own answers."""
    operations = [
        *ARTICLES,
        *REVISIONS,
        *SCHEDULE,
        *TOGETHER,
        *DESK_LISTS,
        *PEOPLE,
        *TOKENS,
        *AUDIT,
        *COMMENTS,
        *MEDIA,
        *POPULARITY,
        *NUMBERS,
        *RENDERING,
        *SEARCH,
    ]
    return openapi.document("World Monitor", VERSION, [_behind_the_edge(operation) for operation in operations])


def _behind_the_edge(operation: openapi.Operation) -> openapi.Operation:
    return replace(operation, problems=sorted({*operation.problems, *_EDGE_PROBLEMS}))


def build_asyncapi() -> dict[str, Any]:
    """All topics with their events."""
    _, schemas = models_json_schema(
        [(event, "serialization") for event in CATALOGUE], ref_template="#/components/schemas/{model}"
    )
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "World Monitor's topics",
            "version": VERSION,
            "description": "CloudEvents 1.0 in Kafka's binary mode: attributes in ce_* headers, the value is the data.",
        },
        "defaultContentType": "application/json",
        "channels": {topic.name: _channel(topic) for topic in SOURCES},
        "operations": {f"send.{topic.name}": _operation(topic) for topic in SOURCES},
        "components": {
            "messages": {
                event.__name__: _message(event.__name__, event.ce_type, inspect.getdoc(event)) for event in CATALOGUE
            },
            "schemas": schemas["$defs"],
        },
    }


def _channel(topic: Topic) -> dict[str, Any]:
    names = [event.__name__ for event in CATALOGUE if event.topic is topic]
    return {
        "address": topic.name,
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in names},
        "bindings": {"kafka": {"topic": topic.name, "partitions": topic.partitions}},
    }


def _operation(topic: Topic) -> dict[str, Any]:
    return {"action": "send", "channel": {"$ref": f"#/channels/{topic.name}"}}


def _message(name: str, kind: str, text: str | None) -> dict[str, Any]:
    return {
        "name": kind,
        "summary": text,
        "headers": {
            "type": "object",
            "required": ["ce_specversion", "ce_id", "ce_source", "ce_type"],
            "properties": {
                "ce_specversion": {"const": "1.0"},
                "ce_id": {"type": "string"},
                "ce_source": {"type": "string"},
                "ce_type": {"const": kind},
                "ce_subject": {"type": "string"},
                "ce_time": {"type": "string", "format": "date-time"},
                "traceparent": {"type": "string"},
            },
        },
        "payload": {"$ref": f"#/components/schemas/{name}"},
    }


def render(document: dict[str, Any]) -> str:
    """A document as the text of its file."""
    return json.dumps(document, indent=1, ensure_ascii=False, sort_keys=False) + "\n"


DOCUMENTS = {"openapi.json": build_openapi, "asyncapi.json": build_asyncapi}

if __name__ == "__main__":
    for name, build in DOCUMENTS.items():
        (DOCS / name).write_text(render(build()))
        print(f"wrote {DOCS / name}")
