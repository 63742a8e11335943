"""Roles and their rights, as a table. README.md shows it; a test compares the two."""

from collections.abc import Mapping
from typing import Literal, get_args

Role = Literal["reporter", "editor", "moderator", "admin"]
Action = Literal["create", "edit", "autosave", "publish", "correct", "withdraw"]
Right = Literal["read", "create", "edit drafts", "edit", "publish", "correct", "withdraw", "back-date"]

ROLES: tuple[Role, ...] = get_args(Role)
ACTIONS: tuple[Action, ...] = get_args(Action)
RIGHTS: tuple[Right, ...] = get_args(Right)

_EDITOR: frozenset[Right] = frozenset({"read", "create", "edit drafts", "edit", "publish", "correct", "withdraw"})
ALLOWED: Mapping[Role, frozenset[Right]] = {
    "reporter": frozenset({"read", "create", "edit drafts"}),
    "editor": _EDITOR,
    "moderator": frozenset({"read"}),
    "admin": _EDITOR | {"back-date"},
}


def may(role: Role, right: Right) -> bool:
    """Whether a role has a right."""
    return right in ALLOWED[role]
