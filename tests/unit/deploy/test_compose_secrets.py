"""The production stack's secrets and ACLs: each holder gets its own secrets, and services the rights that they need."""

import re
from pathlib import Path

import pytest

from deploy.compose.acls import ACCOUNTS
from deploy.compose.bootstrap import edge, main, provide_secrets, write_edge
from deploy.compose.kafka_acls import acls_of
from deploy.compose.settings import ComposeSettings
from deploy.edge.render import render
from services.comments.app import GROUP as COMMENTS_GROUP
from services.popularity.counting.counter import GROUP as COUNTER_GROUP
from services.rendering.readmodel.names import PROJECTOR_GROUP

BROKERS = ("kafka", "kafka-2", "kafka-3")


@pytest.fixture
def settings(tmp_path: Path) -> ComposeSettings:
    holders = [*(account.name for account in ACCOUNTS), "admin", "topics", *BROKERS, "mongo", "redis"]
    for holder in holders:
        (tmp_path / "secrets" / holder).mkdir(parents=True)
    (tmp_path / "edge").mkdir()
    return ComposeSettings(secrets=tmp_path / "secrets", edge_folder=tmp_path / "edge", brokers=",".join(BROKERS))


def test_second_start_changes_no_secret(settings: ComposeSettings) -> None:
    first = provide_secrets(settings)
    before = _texts(settings.secrets)

    second = provide_secrets(settings)

    assert {"editor-token", "desk-password"} <= set(first.created)
    assert second.created == []
    assert _texts(settings.secrets) == before


def test_service_has_its_own_passwords_alone(settings: ComposeSettings) -> None:
    secret_files = provide_secrets(settings)
    all_passwords = {secret_files.secret(f"kafka/{account.name}") for account in ACCOUNTS if account.uses_kafka}

    for account in ACCOUNTS:
        held = {path.read_text().strip() for path in (settings.secrets / account.name).iterdir()}

        own = {secret_files.secret(f"kafka/{account.name}")} if account.uses_kafka else set()
        assert held & all_passwords == own
        assert secret_files.secret("mongo/root") not in held


def test_redis_acl_file_holds_digests_not_passwords(settings: ComposeSettings) -> None:
    secret_files = provide_secrets(settings)

    users = (settings.secrets / "redis" / "users.acl").read_text()

    assert secret_files.secret("redis/comments") not in users
    assert re.search(r"^user comments on #[0-9a-f]{64} resetkeys ~comments:\* resetchannels -@all ", users, re.M)


def test_redis_default_user_has_all_rights_and_a_password(settings: ComposeSettings) -> None:
    provide_secrets(settings)

    users = (settings.secrets / "redis" / "users.acl").read_text()

    assert re.search(r"^user default on #[0-9a-f]{64} resetkeys ~\* resetchannels &\* \+@all$", users, re.M)
    assert "user health on nopass resetkeys resetchannels -@all +ping" in users


def test_three_brokers_keep_three_copies_and_acknowledge_with_two(settings: ComposeSettings) -> None:
    provide_secrets(settings)

    properties = [(settings.secrets / host / "server.properties").read_text() for host in BROKERS]

    for node, text in enumerate(properties, 1):
        assert f"\nnode.id={node}\n" in text
        assert "\ndefault.replication.factor=3\n" in text
        assert "\nmin.insync.replicas=2\n" in text
        assert "\nallow.everyone.if.no.acl.found=false\n" in text
    assert len({(settings.secrets / host / "cluster.id").read_text() for host in BROKERS}) == 1


def test_acls_name_exactly_the_groups_in_use() -> None:
    allowed = {group for account in ACCOUNTS for group in account.groups}

    assert allowed == {COMMENTS_GROUP, COUNTER_GROUP, PROJECTOR_GROUP}


def test_topic_has_one_writer_except_dead_letters() -> None:
    owners: dict[str, set[str]] = {}
    for account in ACCOUNTS:
        for topic in account.writes:
            owners.setdefault(topic.name, set()).add(account.name)

    shared = {topic: names for topic, names in owners.items() if len(names) > 1 and not topic.endswith(".dlq")}

    assert shared == {"views.v1": {"popularity", "edition"}}
    assert all(len(list(acls_of(account))) > 0 for account in ACCOUNTS if account.uses_kafka)


def test_edge_resolves_names_again_and_trusts_named_proxies_alone(settings: ComposeSettings) -> None:
    plain = render(edge(settings))
    behind = render(edge(settings.model_copy(update={"trusted_proxies": "10.0.0.0/8, 192.0.2.7"})))

    assert "resolver 127.0.0.11 valid=1s" in plain
    assert "server rendering:8000 resolve max_fails=0;" in plain
    assert "set_real_ip_from" not in plain
    assert "set_real_ip_from 10.0.0.0/8;" in behind
    assert "set_real_ip_from 192.0.2.7;" in behind


def test_files_that_the_edge_serves_are_in_its_volume(settings: ComposeSettings) -> None:
    write_edge(settings)

    assert {path.name for path in settings.edge_folder.iterdir()} == {"errors", "openapi.json", "nginx.conf"}


def _texts(folder: Path) -> dict[Path, str]:
    return {path: path.read_text() for path in folder.rglob("*") if path.is_file()}


def test_log_of_the_first_start_has_no_token_and_says_where_it_is(
    settings: ComposeSettings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("WM_SECRETS", str(settings.secrets))
    monkeypatch.setenv("WM_EDGE_FOLDER", str(settings.edge_folder))

    assert main() == 0

    printed = capsys.readouterr().out
    secrets = {
        path.name: path.read_text().strip() for path in (settings.secrets / "admin").rglob("*") if path.is_file()
    }
    # The desk's first password is shown once, until the admin changes it.
    assert [name for name, secret in secrets.items() if secret in printed] == ["desk-password"]
    assert "cat /secrets/admin/editor-token" in printed


def test_topics_job_has_one_secret(settings: ComposeSettings) -> None:
    secret_files = provide_secrets(settings)

    held = {path.name: path.read_text().strip() for path in (settings.secrets / "topics").iterdir()}

    assert held == {"kafka": secret_files.secret("kafka/admin")}
