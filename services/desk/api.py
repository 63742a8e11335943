"""Calls other services over HTTP. Every page of the desk is made from their answers."""

from collections.abc import AsyncIterator, Mapping, Sequence

from shared.errors import FieldError, Problem
from shared.http.instances import Answer, Instances

_SAFE = frozenset({"GET", "HEAD"})

Json = Mapping[str, object]


class ServiceRefusal(Problem):
    """A service's own problem. Its texts are English in every language of the desk."""


class SignedOut(ServiceRefusal):
    """The session or the sign-in is not valid."""


class ServiceClient:
    """A client of one service's processes. It starts with the process that answered last."""

    def __init__(self, name: str, urls: Sequence[str], timeout_s: float) -> None:
        self._instances = Instances(name, urls, timeout_s)

    async def call(
        self,
        method: str,
        path: str,
        *,
        json: object = None,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        timeout_s: float | None = None,
    ) -> Answer:
        """Send a request. Raises Problem for an answer from 400 on, SignedOut for 401, Unavailable when none answers.

        `timeout_s`: the longest wait, when it is another one than the client's. A write is sent to a second process only when
        the first took no connection: it has then not been carried out.
        """
        most = None if method in _SAFE else 1
        return await self._instances.ask(
            method, path, _read, json=json, params=params, headers=headers, wait_s=timeout_s, most_asked=most
        )

    async def stream(
        self, path: str, chunks: AsyncIterator[bytes], *, headers: Mapping[str, str], timeout_s: float
    ) -> Answer:
        """POST a body while it arrives; errors as `call`. A process that takes no connection has read nothing of it."""
        return await self._instances.ask(
            "POST", path, _read, body=chunks, headers=headers, wait_s=timeout_s, most_asked=1
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._instances.close()


def _read(answer: Answer) -> Answer:
    """The answer, if it is one below 400. A process that has a problem has answered: no other one is asked."""
    if answer.status >= 400:
        raise _problem_in(answer)
    return answer


def _problem_in(answer: Answer) -> Problem:
    try:
        given = answer.json
    except ValueError:
        given = {}
    errors = given.get("errors")
    kind = SignedOut if answer.status == 401 else ServiceRefusal
    return kind(
        answer.status,
        str(given.get("detail") or "The service refused the request."),
        errors=tuple(
            FieldError(str(error.get("pointer", "")), str(error.get("detail", "")))
            for error in (errors if isinstance(errors, list) else ())
            if isinstance(error, dict)
        ),
        headers=answer.retry_after,
    )
