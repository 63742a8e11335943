"""`python -m deploy.compose.bootstrap`: makes what is missing of the secrets, gives each service its own, writes the edge's
files, and says the editor's log-in the one time that it makes it. Run at each `docker compose up`, before everything else."""

import hashlib
import secrets
import shutil
import sys
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Mapping
from pathlib import Path

from deploy.compose.acls import ACCOUNTS, REDIS_COMMANDS, REDIS_DEFAULT_RIGHTS, REDIS_HEALTH_USER
from deploy.compose.brokers import ADMIN, BROKER, server_properties
from deploy.compose.secret_files import SERVICE_ID, SecretFiles, write
from deploy.compose.settings import ComposeSettings, split
from deploy.edge.render import CONTRACT, ERRORS, PICTURES, UPSTREAMS, Edge, render
from shared.errors import SettingsError

# The users of the public images: apache/kafka's `appuser`, mongo's `mongodb`.
_KAFKA_ID = 1000
_MONGO_ID = 999
_DOCKER_DNS = "127.0.0.11"
# Where the edge's container has what this job writes for it, and where it may write itself.
_EDGE_SEES = Path("/etc/edge")
# A folder of the image that everybody may write to: a mount point that is made for the container loses its mode at a restart.
_EDGE_STATE = Path("/tmp")
_TLS_FOLDER = Path("/etc/edge-tls")


def provide_secrets(settings: ComposeSettings) -> SecretFiles:
    """Every secret in the vault, and each holder's copies in its own folder. What is there already stays as it is."""
    vault = SecretFiles(settings.secrets / "admin")
    vault.secret("editor-token")
    for account in ACCOUNTS:
        for engine in _engines(account.name):
            password = vault.secret(f"{engine}/{account.name}")
            write(settings.secrets / account.name / engine, password, owner=SERVICE_ID)
    for holder in ("ingestion", "edition"):
        write(settings.secrets / holder / "editor-token", vault.secret("editor-token"), owner=SERVICE_ID)
    _provide_kafka(settings, vault)
    _provide_mongo(settings, vault)
    write(settings.secrets / "redis" / "users.acl", redis_users(vault), owner=0, mode=0o444)
    return vault


def _engines(name: str) -> tuple[str, ...]:
    account = next(account for account in ACCOUNTS if account.name == name)
    wanted = {"kafka": account.uses_kafka, "mongo": account.database, "redis": account.redis_prefix}
    return tuple(engine for engine, uses in wanted.items() if uses)


def _provide_kafka(settings: ComposeSettings, vault: SecretFiles) -> None:
    names = (BROKER, ADMIN, *(account.name for account in ACCOUNTS if account.uses_kafka))
    passwords = {name: vault.secret(f"kafka/{name}") for name in names}
    cluster = vault.secret("kafka-cluster-id", _cluster_id)
    for node, host in enumerate(settings.broker_names, 1):
        folder = settings.secrets / host
        properties = server_properties(node, settings.broker_names, passwords)
        write(folder / "server.properties", properties, owner=_KAFKA_ID)
        if len(settings.broker_names) > 1:
            write(folder / "cluster.id", cluster, owner=_KAFKA_ID)
        write(folder / "start", Path(__file__).with_name("start-kafka").read_text(), owner=0, mode=0o555)


def _cluster_id() -> str:
    # Kafka's own form: 16 bytes in URL-safe base64. The first may not be a dash, which tools take for an option.
    return "W" + urlsafe_b64encode(secrets.token_bytes(16)).decode()[1:22]


def _provide_mongo(settings: ComposeSettings, vault: SecretFiles) -> None:
    root = vault.secret("mongo/root")
    key = vault.secret("mongo/member-key", lambda: b64encode(secrets.token_bytes(512)).decode())
    for member in split(settings.mongo_members):
        folder = settings.secrets / member.partition(":")[0]
        write(folder / "root-password", root, owner=_MONGO_ID)
        write(folder / "member-key", key, owner=_MONGO_ID)


def redis_users(vault: SecretFiles) -> str:
    """Redis' ACL file: it holds no passwords, only their digests."""
    lines = [f"user default on #{_digest(vault, 'default')} {REDIS_DEFAULT_RIGHTS}", REDIS_HEALTH_USER]
    for account in ACCOUNTS:
        if account.redis_prefix:
            keys = f"resetkeys ~{account.redis_prefix}* resetchannels"
            lines.append(f"user {account.name} on #{_digest(vault, account.name)} {keys} {REDIS_COMMANDS}")
    return "\n".join(lines) + "\n"


def _digest(vault: SecretFiles, name: str) -> str:
    return hashlib.sha256(vault.secret(f"redis/{name}").encode()).hexdigest()


def write_edge(settings: ComposeSettings) -> None:
    """nginx's configuration and what it serves itself; `docker compose kill -s HUP edge` makes it read them anew."""
    folder = settings.edge_folder
    for name, source in (("errors", ERRORS), ("media", PICTURES)):
        shutil.copytree(source, folder / name, dirs_exist_ok=True)
    shutil.copyfile(CONTRACT, folder / "openapi.json")
    (folder / "nginx.conf").write_text(render(edge(settings)))


def edge(settings: ComposeSettings) -> Edge:
    """The edge of this stack: containers are found by name, whichever there are at the moment."""
    upstreams: Mapping[str, tuple[str, ...]] = {name: (f"{name}:8000",) for name in UPSTREAMS}
    return Edge(
        "8080",
        _EDGE_STATE,
        upstreams,
        rate_limits=settings.rate_limits == "on",
        media=_EDGE_SEES / "media",
        errors=_EDGE_SEES / "errors",
        contract=_EDGE_SEES / "openapi.json",
        user="",
        resolver=_DOCKER_DNS,
        connect_timeout="300ms",
        trusted_proxies=split(settings.trusted_proxies),
        tls=_TLS_FOLDER if settings.tls == "on" else None,
        http3=settings.http3 == "on",
    )


def main() -> int:
    """Do all of it; 1 with the reason when a setting is wrong."""
    try:
        settings = ComposeSettings.load()
    except SettingsError as error:
        print(f"bootstrap: {error}", file=sys.stderr)
        return 1
    vault = provide_secrets(settings)
    write_edge(settings)
    print(f"bootstrap: {len(vault.made)} secrets made, {len(ACCOUNTS)} accounts provided for")
    if "editor-token" in vault.made:
        print("bootstrap: the editor's log-in, which is shown this once and kept in the volume of secrets:")
        print(f"bootstrap:   Authorization: Bearer {vault.secret('editor-token')}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
