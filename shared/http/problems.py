"""JSON answers and problem details (RFC 9457)."""

from collections.abc import Mapping

import orjson
from aiohttp import web

from shared.errors import FieldError, Problem

PROBLEM_TYPE = "application/problem+json"


SECURITY_HEADERS: Mapping[str, str] = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}


def problem_response(problem: Problem, request_id: str = "") -> web.Response:
    """The problem as an HTTP answer."""
    headers = {**SECURITY_HEADERS, **problem.headers, "Cache-Control": "no-store"}
    if request_id:
        headers["X-Request-Id"] = request_id
    return web.Response(
        status=problem.status, body=orjson.dumps(problem.as_dict()), content_type=PROBLEM_TYPE, headers=headers
    )


def json_response(data: object, *, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    """A JSON answer; `bytes` are sent as they are. Not cacheable unless `headers` sets Cache-Control."""
    return web.Response(
        status=status,
        body=data if isinstance(data, bytes) else orjson.dumps(data),
        content_type="application/json",
        charset="utf-8",
        headers={"Cache-Control": "no-store", **SECURITY_HEADERS, **(headers or {})},
    )


def field_problem(pointer: str, detail: str, *, status: int = 422) -> Problem:
    """A problem with one wrong field."""
    return Problem(status, detail, errors=(FieldError(pointer, detail),))
