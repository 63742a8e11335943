"""Roles and their rights, as a table. README.md shows it; a test compares the two."""

from collections.abc import Mapping
from typing import Literal, get_args

Role = Literal["reporter", "editor", "moderator", "admin"]
Action = Literal[
    "create",
    "edit",
    "autosave",
    "publish",
    "correct",
    "withdraw",
    "schedule",
    "unschedule",
    "submit",
    "return",
    "restore",
    "picture",
]
Right = Literal[
    "read",
    "create",
    "edit drafts",
    "submit",
    "edit",
    "publish",
    "correct",
    "withdraw",
    "schedule",
    "return",
    "back-date",
    "lift embargo",
    "tokens",
    "audit",
    "people",
]

ROLES: tuple[Role, ...] = get_args(Role)
ACTIONS: tuple[Action, ...] = get_args(Action)
RIGHTS: tuple[Right, ...] = get_args(Right)

_REPORTER: frozenset[Right] = frozenset({"read", "create", "edit drafts", "submit"})
_EDITOR: frozenset[Right] = _REPORTER | {"edit", "publish", "correct", "withdraw", "schedule", "return"}
ALLOWED: Mapping[Role, frozenset[Right]] = {
    "reporter": _REPORTER,
    "editor": _EDITOR,
    "moderator": frozenset({"read"}),
    "admin": _EDITOR | {"back-date", "lift embargo", "tokens", "audit", "people"},
}


def may(role: Role, right: Right) -> bool:
    """Whether a role has a right."""
    return right in ALLOWED[role]
