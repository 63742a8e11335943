"""`python -m deploy.compose.bootstrap` runs at each `docker compose up`, before everything else.

It creates missing secrets, copies to each service its own, writes the edge's files, and says where the editor's token is.
It prints the desk's first log-in once, when it creates it.
"""

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
from deploy.edge.render import CONTRACT, ERRORS, UPSTREAMS, Edge, render
from shared.errors import SettingsError

# The users of the public images: apache/kafka's `appuser`, mongo's `mongodb`.
_KAFKA_ID = 1000
_MONGO_ID = 999
_DOCKER_DNS = "127.0.0.11"
# Paths in the edge's container: files that this job writes for it, and a folder that it may write to.
_EDGE_SEES = Path("/etc/edge")
# Writable by every user in the image. A mount point made for the container would lose its mode at a restart.
_EDGE_STATE = Path("/tmp")
# Beside it, of the same kind: a file system of its own, so that bodies cannot fill the cache's.
_EDGE_SPOOL = Path("/var/tmp")
_TLS_FOLDER = Path("/etc/edge-tls")
# Inside the container and for the jobs beside it. Only 8080 and 8443 are published.
_INSIDE = "8081"
_FRONT_PORT = 8090


def provide_secrets(settings: ComposeSettings) -> SecretFiles:
    """Create missing secrets, and copy each holder's secrets to its own folder. Existing secrets stay."""
    secret_files = SecretFiles(settings.secrets / "admin")
    secret_files.secret("editor-token")
    desk_password = secret_files.secret("desk-password", lambda: secrets.token_urlsafe(15))
    for account in ACCOUNTS:
        for engine in _engines(account.name):
            password = secret_files.secret(f"{engine}/{account.name}")
            write(settings.secrets / account.name / engine, password, owner=SERVICE_ID)
    for holder in ("ingestion", "edition"):
        write(settings.secrets / holder / "editor-token", secret_files.secret("editor-token"), owner=SERVICE_ID)
    write(settings.secrets / "ingestion" / "desk-password", desk_password, owner=SERVICE_ID)
    _provide_kafka(settings, secret_files)
    _provide_mongo(settings, secret_files)
    # The topics job signs in as Kafka's admin, and needs no other secret.
    write(settings.secrets / "topics" / "kafka", secret_files.secret(f"kafka/{ADMIN}"), owner=SERVICE_ID)
    write(settings.secrets / "redis" / "users.acl", redis_users(secret_files), owner=0, mode=0o444)
    return secret_files


def _engines(name: str) -> tuple[str, ...]:
    account = next(account for account in ACCOUNTS if account.name == name)
    wanted = {"kafka": account.uses_kafka, "mongo": account.database, "redis": account.redis_prefix}
    return tuple(engine for engine, uses in wanted.items() if uses)


def _provide_kafka(settings: ComposeSettings, secret_files: SecretFiles) -> None:
    names = (BROKER, ADMIN, *(account.name for account in ACCOUNTS if account.uses_kafka))
    passwords = {name: secret_files.secret(f"kafka/{name}") for name in names}
    cluster = secret_files.secret("kafka-cluster-id", _cluster_id)
    for node, host in enumerate(settings.broker_names, 1):
        folder = settings.secrets / host
        properties = server_properties(node, settings.broker_names, passwords)
        write(folder / "server.properties", properties, owner=_KAFKA_ID)
        if len(settings.broker_names) > 1:
            write(folder / "cluster.id", cluster, owner=_KAFKA_ID)
        write(folder / "start", Path(__file__).with_name("start-kafka").read_text(), owner=0, mode=0o555)


def _cluster_id() -> str:
    # Kafka's format: 16 bytes in URL-safe base64. A leading dash would look like an option to tools.
    return "W" + urlsafe_b64encode(secrets.token_bytes(16)).decode()[1:22]


def _provide_mongo(settings: ComposeSettings, secret_files: SecretFiles) -> None:
    root = secret_files.secret("mongo/root")
    key = secret_files.secret("mongo/member-key", lambda: b64encode(secrets.token_bytes(512)).decode())
    for member in split(settings.mongo_members):
        folder = settings.secrets / member.partition(":")[0]
        write(folder / "root-password", root, owner=_MONGO_ID)
        write(folder / "member-key", key, owner=_MONGO_ID)


def redis_users(secret_files: SecretFiles) -> str:
    """Redis' ACL file. It holds digests of passwords, no passwords."""
    lines = [f"user default on #{_digest(secret_files, 'default')} {REDIS_DEFAULT_RIGHTS}", REDIS_HEALTH_USER]
    for account in ACCOUNTS:
        if account.redis_prefix:
            keys = f"resetkeys ~{account.redis_prefix}* resetchannels"
            commands = f"{REDIS_COMMANDS} {account.redis_commands}".rstrip()
            lines.append(f"user {account.name} on #{_digest(secret_files, account.name)} {keys} {commands}")
    return "\n".join(lines) + "\n"


def _digest(secret_files: SecretFiles, name: str) -> str:
    return hashlib.sha256(secret_files.secret(f"redis/{name}").encode()).hexdigest()


def write_edge(settings: ComposeSettings) -> None:
    """Write nginx's configuration and static files. `docker compose kill -s HUP edge` makes nginx read them again."""
    folder = settings.edge_folder
    shutil.copytree(ERRORS, folder / "errors", dirs_exist_ok=True)
    shutil.copyfile(CONTRACT, folder / "openapi.json")
    (folder / "nginx.conf").write_text(render(edge(settings)))


def edge(settings: ComposeSettings) -> Edge:
    """The edge of this stack. Docker's DNS resolves a service's name to its present containers."""
    upstreams: Mapping[str, tuple[str, ...]] = {name: (f"{name}:8000",) for name in UPSTREAMS}
    return Edge(
        "8080",
        _EDGE_STATE,
        upstreams,
        rate_limits=settings.rate_limits == "on",
        errors=_EDGE_SEES / "errors",
        contract=_EDGE_SEES / "openapi.json",
        user="",
        workers=settings.edge_workers,
        inside=_INSIDE,
        front_port=_FRONT_PORT,
        spool=_EDGE_SPOOL,
        resolver=_DOCKER_DNS,
        connect_timeout="300ms",
        trusted_proxies=split(settings.trusted_proxies),
        tls=_TLS_FOLDER if settings.tls == "on" else None,
        http3=settings.http3 == "on",
        public_tls_port=settings.tls_port,
    )


def main() -> int:
    """Run the job. Returns 1, and prints the reason, when a setting is wrong."""
    try:
        settings = ComposeSettings.load()
    except SettingsError as error:
        print(f"bootstrap: {error}", file=sys.stderr)
        return 1
    secret_files = provide_secrets(settings)
    write_edge(settings)
    print(f"bootstrap: {len(secret_files.created)} secrets created, {len(ACCOUNTS)} accounts")
    if "editor-token" in secret_files.created:
        # Logs are kept, copied and read by others: the token, which has all rights for ever, must not be in them.
        print("bootstrap: the editor's token is in the volume of secrets. To show it:")
        print("bootstrap:   docker compose run --rm bootstrap cat /secrets/admin/editor-token")
    if "desk-password" in secret_files.created:
        print("bootstrap: the desk's first log-in, shown this once. Change the password at the first sign-in:")
        print(
            f"bootstrap:   {settings.site_url}/desk  {settings.desk_admin_email}  {secret_files.secret('desk-password')}"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
