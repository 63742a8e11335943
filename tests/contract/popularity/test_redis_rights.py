"""The counter's account in compose may run every command of the scripts. The embedded Redis has no accounts."""

import re
from pathlib import Path

from redis.asyncio import Redis
from redis.exceptions import ResponseError

from deploy.compose.acls import ACCOUNTS, REDIS_COMMANDS
from shared.redis import connect
from tests.support.own_redis import running_redis

_SCRIPTS = Path(__file__).resolve().parents[3] / "services" / "popularity"
_COUNTER = next(account for account in ACCOUNTS if account.name == "popularity-counter")
_MOST_ARGUMENTS = 5


async def test_counter_may_run_every_command_of_the_scripts(tmp_path: Path) -> None:
    scripts = "".join(path.read_text() for path in _SCRIPTS.rglob("*.lua"))
    commands = sorted(set(re.findall(r"redis\.call\('([A-Z]+)'", scripts)))
    rights = [f"~{_COUNTER.redis_prefix}*", *f"{REDIS_COMMANDS} {_COUNTER.redis_commands}".split()]

    async with running_redis(tmp_path) as url, connect(url) as redis:
        await redis.execute_command("ACL", "SETUSER", "counter", "on", "nopass", *rights)  # type: ignore[no-untyped-call]
        refused = [command for command in commands if not await _may(redis, command)]

    assert "PFADD" in commands
    assert refused == []


async def _may(redis: "Redis", command: str) -> bool:
    """Whether the counter may run a command, whatever its number of arguments."""
    for count in range(_MOST_ARGUMENTS):
        try:
            asked = ("ACL", "DRYRUN", "counter", command, *["popularity:x"] * count)
            answer = await redis.execute_command(*asked)  # type: ignore[no-untyped-call]
        except ResponseError:
            continue  # another number of arguments
        return answer in (b"OK", "OK")
    return False
