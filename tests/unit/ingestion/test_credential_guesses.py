"""Wrong tokens of a network are bounded, and disturb neither other networks nor known credentials."""

from datetime import UTC, datetime, timedelta

import pytest

from services.ingestion.people.credential_guesses import CredentialGuesses
from shared.errors import Problem, Unavailable

AT = datetime(2026, 11, 30, tzinfo=UTC)
NETWORK, OTHER = "198.51.100.0/24", "203.0.113.0/24"


class _Tokens:
    """The database: it knows tokens that begin with `right`, and counts what it is asked."""

    def __init__(self, *, enabled: bool = True) -> None:
        self.guesses = CredentialGuesses(enabled=enabled)
        self.asked = 0
        self.is_away = False

    async def _look_up(self, token: str) -> str | None:
        self.asked += 1
        if self.is_away:
            raise Unavailable("the database is away")
        return token if token.startswith("right") else None

    async def ask(self, token: str, at: datetime = AT, network: str = NETWORK) -> int:
        """The status of a request with this token."""
        try:
            found = await self.guesses.find(token, network, at, lambda: self._look_up(token))
        except Problem as problem:
            return problem.status
        except Unavailable:
            return 503
        return 401 if found is None else 200

    async def guess(self, count: int, at: datetime = AT, network: str = NETWORK) -> int:
        """How many of so many new wrong tokens are looked up."""
        return [await self.ask(f"{network} {at} {number}", at, network) for number in range(count)].count(401)


async def test_a_network_gets_sixty_guesses_and_one_a_second() -> None:
    tokens = _Tokens()

    assert await tokens.guess(500) == 60
    assert tokens.asked == 60
    assert sum([await tokens.guess(50, AT + timedelta(seconds=passed)) for passed in range(1, 11)]) == 10
    assert await tokens.guess(1, network=OTHER) == 1


async def test_refusal_says_when_to_come_back() -> None:
    tokens = _Tokens()
    await tokens.guess(60)

    with pytest.raises(Problem) as refused:
        await tokens.guesses.find("another", NETWORK, AT, lambda: tokens._look_up("another"))

    assert (refused.value.status, refused.value.headers["Retry-After"]) == (429, "1")


async def test_known_credential_passes_while_its_network_must_wait() -> None:
    tokens = _Tokens()
    assert await tokens.ask("right") == 200
    await tokens.guess(500)

    assert await tokens.ask("right") == 200
    assert await tokens.ask("right, but new") == 429


async def test_ended_session_that_asks_again_is_one_guess_and_one_look_up() -> None:
    tokens = _Tokens()

    assert {await tokens.ask("ended") for _ in range(500)} == {401}

    assert tokens.asked == 1
    assert await tokens.ask("ended", AT + timedelta(seconds=5)) == 401
    assert tokens.asked == 2
    assert await tokens.guess(500, AT + timedelta(seconds=5)) == 60


async def test_right_credentials_and_outages_do_not_use_up_the_guesses() -> None:
    tokens = _Tokens()

    assert {await tokens.ask(f"right {number}") for number in range(500)} == {200}
    tokens.is_away = True
    assert {await tokens.ask(f"lost {number}") for number in range(500)} == {503}
    tokens.is_away = False

    assert await tokens.guess(500) == 60


async def test_memory_is_bounded() -> None:
    tokens = _Tokens()

    for number in range(10_500):
        await tokens.guess(1, network=f"{number}")
        await tokens.ask(f"right {number}")

    kept = tokens.guesses
    assert (len(kept._failures), len(kept._known), len(kept._wrong)) == (10_000, 1_000, 100)


async def test_load_tests_have_no_limit() -> None:
    assert await _Tokens(enabled=False).guess(500) == 500
