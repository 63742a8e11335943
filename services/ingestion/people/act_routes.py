"""HTTP in: acts that another service asks to note in the audit log. The edge does not route this path."""

from typing import Annotated, Literal

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from services.ingestion.people.actor import network_prefix
from services.ingestion.people.audit import NewEntry
from services.ingestion.people.audit_routes import AUDIT
from shared.http.requests import read_model, refuse_unknown
from shared.times import SentTime

Text = Annotated[str, StringConstraints(min_length=1, max_length=200)]


class ActingPerson(BaseModel):
    """Who did it, as `GET /internal/token` named them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: Text
    name: Text
    via: Literal["token", "session"]


class SentAct(BaseModel):
    """An act. Its id makes a repetition harmless. Other services note their own kinds of acts alone.

    `network` is the client's address; the log keeps its network.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: Annotated[str, StringConstraints(pattern=r"^[0-9a-f-]{36}$")]
    actor: ActingPerson
    action: Annotated[str, StringConstraints(pattern=r"^numbers\.[a-z-]{1,40}$")]
    object: Text
    network: Text
    at: SentTime
    details: Annotated[dict[Text, str | int], Field(max_length=10)]


async def take_act(request: web.Request) -> web.Response:
    """Note an act, once."""
    refuse_unknown(request.query, ())
    act = await read_model(request, SentAct)
    entry = NewEntry(act.actor, act.action, act.object, network_prefix(act.network), act.at, act.details)
    await request.app[AUDIT].note_once(act.id, entry)
    return web.Response(status=204)


ROUTES = [web.post("/internal/acts", take_act)]
