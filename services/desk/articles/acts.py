"""Acts on an article: each asks once, with a button that says what will happen, then carries it out."""

from collections.abc import Mapping
from dataclasses import dataclass

from aiohttp import web

from services.desk.articles.copy import facts_of
from services.desk.articles.editor import PATH
from services.desk.forms import Form, read_form, refused
from services.desk.visit import VISIT, page, see_other
from shared.errors import Problem


@dataclass(frozen=True)
class Act:
    """An act, and the form field that ingestion takes with it (empty: none)."""

    name: str
    field: str = ""


ACTS: Mapping[str, Act] = {
    act.name: act for act in (Act("publish"), Act("correct", "note"), Act("withdraw", "reason"), Act("unschedule"))
}


async def confirm(request: web.Request) -> web.Response:
    """Ask before the act. With JavaScript the same part is a dialog of the editor."""
    found = await request[VISIT].get(f"/v1/articles/{request.match_info['id']}")
    return page(request, "articles/confirm.html", act=_act(request), article=facts_of(found.json), form=Form())


async def carry_out(request: web.Request) -> web.Response:
    """Carry out the act on the version that was shown."""
    visit, act, values = request[VISIT], _act(request), await read_form(request)
    path = f"/v1/articles/{request.match_info['id']}"
    body = {act.field: values.get(act.field, "")} if act.field else {}
    try:
        await visit.send(
            "POST", f"{path}/{act.name}", body, version=values.get("version", "0"), key=values.get("key", "")
        )
    except Problem as problem:
        found = await visit.get(path)
        return page(request, "articles/confirm.html", status=problem.status, act=act, article=facts_of(found.json),
                    form=refused(values, problem))  # fmt: skip
    return see_other(f"/desk/articles/{request.match_info['id']}?done={act.name}")


def _act(request: web.Request) -> Act:
    return ACTS[request.match_info["act"]]


_ACT = "{act:" + "|".join(ACTS) + "}"
ROUTES = [
    web.get(f"{PATH}/{_ACT}", confirm),
    web.post(f"{PATH}/{_ACT}", carry_out),
]
