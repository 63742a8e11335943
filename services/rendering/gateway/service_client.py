"""A client of another service's API: asks one instance, and one other if the first refuses."""

from collections.abc import Mapping, Sequence

from shared.http.instances import Answer, Instances

# Instances asked for one page. More would multiply the load just when all of them refuse.
_MOST_ASKED = 2

Json = Mapping[str, object]


class ServiceClient:
    """Asks another instance of the service `name` each time, and one more when it refuses or does not answer."""

    def __init__(self, name: str, urls: Sequence[str], timeout_s: float) -> None:
        self._instances = Instances(name, urls, timeout_s, spread=True)

    async def get(self, path: str, params: Mapping[str, str]) -> Json | None:
        """The answer, None if the service refuses the question. Raises Unavailable when no instance answers in time."""
        return await self._instances.ask("GET", path, _read, params=params, most_asked=_MOST_ASKED)

    async def close(self) -> None:
        """Close the connections."""
        await self._instances.close()


def _read(answer: Answer) -> Json | None:
    return None if 400 <= answer.status < 500 else answer.expect(200).json
