"""Rules for the compose file and the Dockerfile. hadolint is not available here: its rules that apply are written out."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.compose import bootstrap
from deploy.compose.acls import ACCOUNTS, accounts_revision
from deploy.compose.settings import ComposeSettings
from shared.errors import SettingsError
from tests.engines import kafka

ROOT = Path(__file__).resolve().parents[3]
FILE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = FILE["services"]
DOCKERFILE = (ROOT / "deploy" / "Dockerfile").read_text()
LINES = [line.strip() for line in DOCKERFILE.replace("\\\n", " ").splitlines() if line and not line.startswith("#")]
JOBS = {name for name, service in SERVICES.items() if service["restart"] == "no"}


@pytest.mark.parametrize("name", SERVICES)
def test_container_is_hardened_and_has_limits(name: str) -> None:
    service = SERVICES[name]

    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service.get("cap_add", []) == (["CHOWN"] if name == "bootstrap" else [])
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert set(service["deploy"]["resources"]["limits"]) == {"cpus", "memory"}
    assert set(service["logging"]["options"]) == {"max-size", "max-file"}
    assert "privileged" not in service


@pytest.mark.parametrize("name", SERVICES)
def test_image_has_a_version(name: str) -> None:
    image = SERVICES[name]["image"]

    assert "WM_IMAGE" in image or re.search(r":v?\d+\.\d+", image)


def test_tests_run_the_kafka_version_of_production() -> None:
    assert SERVICES["kafka"]["image"] == f"apache/kafka:{kafka.VERSION}"


def test_only_the_edge_has_a_port_and_a_public_network() -> None:
    assert [name for name, service in SERVICES.items() if "ports" in service] == ["edge"]
    assert [name for name, service in SERVICES.items() if "public" in service.get("networks", ())] == ["edge"]
    assert FILE["networks"] == {
        "public": {},
        "services": {"internal": True},
        "stores": {"internal": True},
        "egress": {},
    }
    assert [name for name, service in SERVICES.items() if "egress" in service.get("networks", ())] == [
        "comments",
        "media",
        "desk",
    ]
    assert "stores" not in SERVICES["edge"]["networks"]


def test_long_running_container_has_health_check_and_stop_time() -> None:
    for name in SERVICES.keys() - JOBS:
        assert SERVICES[name]["healthcheck"]["test"], name
        assert SERVICES[name]["stop_grace_period"], name
        assert SERVICES[name]["restart"] == "unless-stopped", name


def test_no_secret_is_in_the_environment() -> None:
    for name, service in SERVICES.items():
        for variable in service.get("environment", {}):
            word = variable.lower()
            assert word.endswith("_file") or not re.search("password|token|secret|key", word), f"{name}: {variable}"


def test_secrets_of_a_service_are_mounted_by_it_alone() -> None:
    for account in ACCOUNTS:
        mounts = {
            name: volume
            for name, service in SERVICES.items()
            for volume in service.get("volumes", ())
            if volume.startswith(f"secrets-{account.name}:")
        }

        assert set(mounts) == {"bootstrap", account.name}
        assert mounts[account.name].endswith(":ro")
        assert SERVICES[account.name]["environment"]["WM_ACCOUNT"] == account.name


def test_master_copy_of_secrets_is_mounted_by_two_jobs_alone() -> None:
    holders = {name for name, service in SERVICES.items() if "secrets-admin" in str(service.get("volumes", ""))}

    assert holders == {"bootstrap", "accounts"}


@pytest.mark.parametrize("engine", ["kafka", "redis"])
def test_engine_restarts_when_accounts_change(engine: str) -> None:
    assert SERVICES[engine]["labels"] == {"org.world-monitor.accounts": accounts_revision()}


def test_every_limit_has_a_documented_reason() -> None:
    text = (ROOT / "docs" / "OPERATIONS.md").read_text()

    for name, service in SERVICES.items():
        limits = service["deploy"]["resources"]["limits"]
        assert re.search(rf"^\| {name} \| {limits['memory']} \| {limits['cpus']} \| .{{10,}} \|$", text, re.M), name


def test_edge_has_a_worker_for_each_of_its_cores() -> None:
    workers = SERVICES["bootstrap"]["environment"]["WM_EDGE_WORKERS"]

    assert workers == SERVICES["edge"]["deploy"]["resources"]["limits"]["cpus"]


def test_bodies_cannot_take_the_space_of_the_edges_cache() -> None:
    sizes = {
        mount.partition(":size=")[0]: int(mount.partition("=")[2].rstrip("m")) for mount in SERVICES["edge"]["tmpfs"]
    }
    edge = bootstrap.edge(ComposeSettings.load())

    assert edge.spool is not None
    assert str(edge.spool) in sizes
    assert str(edge.state) in sizes
    assert edge.spool != edge.state
    assert sizes[str(edge.state)] > 128 + 96
    assert sum(sizes.values()) <= 352


def test_containers_ask_the_edge_on_the_port_that_never_redirects() -> None:
    inside = bootstrap.edge(ComposeSettings.load()).inside

    assert f"127.0.0.1/{inside};" in SERVICES["edge"]["healthcheck"]["test"][-1]
    assert f"http://edge:{inside}" in SERVICES["edition"]["command"]
    assert not any(inside in port for port in SERVICES["edge"]["ports"])


def test_trusted_proxies_are_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WM_TRUSTED_PROXIES", "10.0.0.0/8, proxy.example")

    with pytest.raises(SettingsError, match="WM_TRUSTED_PROXIES"):
        ComposeSettings.load()


def _with_defaults(base: str, defaults: dict[str, str]) -> str:
    return re.sub(r"\$\{(\w+)\}", lambda found: defaults[found[1]], base)


def test_images_have_one_base_and_the_builder_can_pin_it_by_digest() -> None:
    bases = {line.split()[1] for line in LINES if line.startswith("FROM ")}
    default = next(line for line in LINES if line.startswith("ARG ")).partition("=")[2]

    assert bases == {"${PYTHON_IMAGE}"}
    assert FILE["x-image"]["build"]["args"] == {"PYTHON_IMAGE": f"${{WM_PYTHON_IMAGE:-{default}}}"}


def test_image_holds_the_list_of_its_packages() -> None:
    exports = re.findall(r"uv export .*", DOCKERFILE.replace("\\\n", " "))

    assert any("--format cyclonedx" in line and "--frozen" in line for line in exports)
    assert "COPY --from=packages /build/sbom.cdx.json ./" in LINES


def test_dockerfile_follows_hadolint_rules() -> None:
    defaults = dict(line.removeprefix("ARG ").split("=") for line in LINES if line.startswith("ARG "))
    bases = [_with_defaults(line.split()[1], defaults) for line in LINES if line.startswith("FROM ")]
    users = [line.split()[1] for line in LINES if line.startswith("USER ")]

    assert all(re.search(r":\d", base) for base in bases)  # DL3006, DL3007
    assert users[-1:] == ["10001"]  # DL3002
    assert not [line for line in LINES if line.startswith("ADD ")]  # DL3020
    assert all(line.split()[1].startswith("/") for line in LINES if line.startswith("WORKDIR "))  # DL3000
    assert all("--no-cache-dir" in line for line in LINES if "pip" in line and "install" in line)  # DL3042
    assert re.search(r"pip install .*\buv==\d", DOCKERFILE)  # DL3013
    assert "--require-hashes" in DOCKERFILE
    assert not re.search(r"\bsudo\b|apt-get upgrade|\bcd /|curl .*\| *sh", DOCKERFILE)  # DL3004, DL3005, DL3003, DL4006
    assert sum(line.startswith("HEALTHCHECK") for line in LINES) == 1  # DL3055 and its like
    assert all("[" in line for line in LINES if line.startswith(("CMD", "ENTRYPOINT")))  # DL3025


def test_topics_are_limited_in_bytes_and_time() -> None:
    from shared.topics import TOPICS

    for topic in TOPICS:
        kept = topic.config
        bound = {"retention.ms", "retention.bytes"} if kept["cleanup.policy"] == "delete" else {"max.compaction.lag.ms"}
        assert bound <= kept.keys(), topic.name
        assert int(kept["segment.bytes"]) <= int(kept.get("retention.bytes", kept["segment.bytes"]))
