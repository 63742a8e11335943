"""The desk's first admin: made once, with a log-in that its owner alone can read."""

import asyncio
import json
import stat
from pathlib import Path
from uuid import uuid4

import pytest

from services.ingestion.people.first_admin import FirstAdmin, provide_first_admin
from services.ingestion.people.passwords import Passwords
from services.ingestion.settings import IngestionSettings
from services.ingestion.store import Store
from shared.errors import SettingsError
from shared.mongo.client import Mongo
from shared.times import now
from tests.support.ingestion import running_ingestion
from tests.support.people import Desk

EMAIL = "admin@world-monitor.example"


def a_database() -> str:
    return f"test_{uuid4().hex[:12]}"


async def test_first_start_makes_an_admin_and_a_log_in_for_its_owner_alone(
    ingestion_settings: IngestionSettings, tmp_path: Path
) -> None:
    path = tmp_path / "desk.json"
    settings = ingestion_settings.model_copy(
        update={"ingestion_database": a_database(), "desk_login_file": path, "site_url": "http://paper.example"}
    )

    async with running_ingestion(settings, tmp_path) as running:
        login = json.loads(path.read_text())
        answer = await Desk(running).ask(
            "POST", "/internal/sessions", {"email": login["email"], "password": login["password"]}
        )

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert (login["url"], login["email"], set(login)) == (
        "http://paper.example/desk",
        EMAIL,
        {"url", "email", "password"},
    )
    assert isinstance(answer["person"], dict)
    assert answer["person"]["role"] == "admin"


@pytest.fixture
async def store(ingestion_settings: IngestionSettings) -> Store:
    store = Store(Mongo(ingestion_settings.mongo), a_database())
    await store.of_people.prepare()
    return store


async def _provide(store: Store, path: Path | None, password: str | None = None) -> None:
    wanted = FirstAdmin(EMAIL, "http://paper.example/desk", path, password)
    await provide_first_admin(wanted, store.people, Passwords(memory_kib=64), now())


async def test_processes_that_start_together_make_one_admin(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "desk.json"

    await asyncio.gather(*(_provide(store, path) for _ in range(4)))

    (admin,) = await store.people.list()
    login = json.loads(path.read_text())
    assert (await Passwords(memory_kib=64).check(login["password"], admin.password_hash)).is_right
    assert [found.name for found in tmp_path.iterdir()] == ["desk.json"]


async def test_later_start_changes_nothing(store: Store, tmp_path: Path) -> None:
    await _provide(store, tmp_path / "desk.json")
    before = await store.people.list()
    (tmp_path / "desk.json").unlink()

    await _provide(store, tmp_path / "desk.json")

    assert await store.people.list() == before
    assert not (tmp_path / "desk.json").exists()


async def test_process_that_died_after_the_file_left_a_password_to_use(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "desk.json"
    path.write_text(json.dumps({"url": "", "email": "first@paper.example", "password": "left by a dead process"}))

    await _provide(store, path)

    (admin,) = await store.people.list()
    assert admin.email == "first@paper.example"
    assert (await Passwords(memory_kib=64).check("left by a dead process", admin.password_hash)).is_right


async def test_given_password_needs_no_file(store: Store) -> None:
    await _provide(store, None, "given by bootstrap")

    (admin,) = await store.people.list()
    assert (await Passwords(memory_kib=64).check("given by bootstrap", admin.password_hash)).is_right


async def test_without_setting_there_is_no_admin(store: Store) -> None:
    await _provide(store, None)

    assert await store.people.list() == []


async def test_file_that_cannot_be_written_names_the_setting(store: Store, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="WM_DESK_LOGIN_FILE"):
        await _provide(store, tmp_path / "missing" / "desk.json")
