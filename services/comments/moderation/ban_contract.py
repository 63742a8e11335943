"""Requests and answers about bans and mutes, and their operations for OpenAPI."""

import ipaddress
from collections.abc import Mapping, Sequence
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from services.comments.model.contract import KEY
from services.comments.model.fields import Email
from services.comments.model.moderation_records import Ban, BanKind, BanTarget
from services.comments.moderation.decision_contract import CommentId, ReasonText
from shared.http.openapi import CURSOR, LIMIT, Operation, Parameter
from shared.http.requests import JSON_TYPE
from shared.times import SentTime, UtcDatetime

# A wider network is a mistake: it would silence a part of the world.
_WIDEST = {4: 8, 6: 16}


def _network(text: str) -> str:
    try:
        network = ipaddress.ip_network(text.strip(), strict=False)
    except ValueError as error:
        raise ValueError("It is not an IP address or a network such as 203.0.113.0/24.") from error
    mapped = network.network_address.ipv4_mapped if isinstance(network, ipaddress.IPv6Network) else None
    if mapped is not None and network.prefixlen == 128:
        return str(ipaddress.ip_network(mapped))
    if network.prefixlen < _WIDEST[network.version]:
        raise ValueError(f"It is wider than /{_WIDEST[network.version]}.")
    return str(network)


Network = Annotated[str, AfterValidator(_network)]
Browser = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]


class _Target(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    email: Email | None = None
    network: Network | None = None
    visitor: Browser | None = None

    def target(self) -> tuple[BanTarget, str] | None:
        """The named target; None without one."""
        values: Mapping[BanTarget, str | None] = {
            "email": self.email,
            "network": self.network,
            "visitor": self.visitor,
        }
        return next(((target, value) for target, value in values.items() if value is not None), None)


class NewBan(_Target):
    """A ban or mute of one of `email`, `network`, `visitor`, or of what a comment was sent with (`comment_id`, `what`).

    `until`: null is for ever. A comment's network is banned for 30 days at most; `until` of the answer is the end.
    """

    comment_id: CommentId | None = None
    what: BanTarget = "email"
    kind: BanKind = "ban"
    until: SentTime | None = None
    reason: ReasonText = ""

    @model_validator(mode="after")
    def _names_one_target(self) -> Self:
        named = [value for value in (self.email, self.network, self.visitor, self.comment_id) if value is not None]
        if len(named) != 1:
            raise ValueError("Send one of email, network, visitor and comment_id.")
        return self


class LiftedBan(_Target):
    """The ban to lift: one of `id`, `email`, `network`, `visitor`. So the body of the ban lifts it, too."""

    id: CommentId | None = None
    until: SentTime | None = Field(None, description="as of the ban; has no effect")
    reason: ReasonText = Field("", description="why it is lifted, for the audit")

    @model_validator(mode="after")
    def _names_one_ban(self) -> Self:
        named = [value for value in (self.id, self.email, self.network, self.visitor) if value is not None]
        if len(named) != 1:
            raise ValueError("Send one of id, email, network and visitor.")
        return self


class BanAnswer(BaseModel):
    """A ban or mute. `value` is its target as typed, null when it was made from a comment or its address was erased.

    `name`: the one on that comment, `comment_id` null after its erasure. `until`: null is for ever.
    """

    id: str
    kind: BanKind
    what: BanTarget
    value: str | None
    email: str | None
    network: str | None
    visitor: str | None
    comment_id: str | None
    name: str
    until: UtcDatetime | None
    reason: str
    by: str
    at: UtcDatetime

    @classmethod
    def of(cls, ban: Ban, names: Mapping[str, str]) -> Self:
        """The answer for a ban, with the names of comments by id."""
        typed = ban.email if ban.target == "email" else ban.value
        value = typed if ban.comment_id is None else None
        return cls(
            id=ban.id,
            kind=ban.kind,
            what=ban.target,
            value=value,
            email=value if ban.target == "email" else None,
            network=value if ban.target == "network" else None,
            visitor=value if ban.target == "visitor" else None,
            comment_id=ban.comment_id or None,
            name=names.get(ban.comment_id or "", ""),
            until=ban.until,
            reason=ban.reason,
            by=ban.by,
            at=ban.at,
        )


class BanList(BaseModel):
    """One page of the bans in force, newest first."""

    items: list[BanAnswer]
    next_cursor: str | None


_PROBLEMS = (400, 401, 403, 404, 413, 415, 422, 503)
_BAN = Parameter("id", "path", "The ban's id", {"type": "string"})


def _named(name: str) -> Parameter:
    return Parameter(
        name, "query", "The ban to lift; one of id, email, network, visitor, here or in a JSON body", {"type": "string"}
    )


OPERATIONS: Sequence[Operation] = (
    Operation(
        id="list_bans",
        method="GET",
        path="/v1/comments/bans",
        summary="List the bans and mutes in force, newest first",
        answers={200: BanList},
        problems=(400, 401, 403, 422, 503),
        parameters=(LIMIT, CURSOR),
        secured=True,
    ),
    Operation(
        id="ban",
        method="POST",
        path="/v1/comments/bans",
        summary="Ban or mute an address, a network or a browser; a ban of the same target is changed (200)",
        answers={201: BanAnswer, 200: BanAnswer},
        problems=(*_PROBLEMS, 409),
        body={JSON_TYPE: NewBan},
        parameters=(KEY,),
        secured=True,
    ),
    Operation(
        id="lift_ban",
        method="DELETE",
        path="/v1/comments/bans/{id}",
        summary="Lift a ban; it is over everywhere within two seconds",
        answers={204: None},
        problems=(401, 403, 404, 422, 503),
        parameters=(_BAN, KEY),
        secured=True,
    ),
    Operation(
        id="lift_ban_of",
        method="DELETE",
        path="/v1/comments/bans",
        summary="Lift the ban of a target",
        answers={204: None},
        problems=_PROBLEMS,
        parameters=(_named("id"), _named("email"), _named("network"), _named("visitor"), KEY),
        secured=True,
    ),
)
