"""The settings that every service of this run gets, as environment variables (`shared/settings.py`)."""

import secrets
from collections.abc import Mapping
from pathlib import Path

from deploy.local.data_folder import replace_file
from deploy.local.settings import LocalSettings, inherited_environment

# The log-in of the desk's first admin, which ingestion writes at the first start.
DESK_LOGIN = "desk.json"


def for_services(settings: LocalSettings, addresses: Mapping[str, str], token: Path) -> dict[str, str]:
    """Addresses of this run and settings for the embedded broker; everything else comes from the caller's environment."""
    # The embedded broker waits half a session timeout for further members of a new group (measured: 3 s at 6000 ms).
    # This wait is most of a start.
    env = {} if settings.kafka else {"WM_SESSION_TIMEOUT_MS": "4000"}
    env |= {
        "WM_SITE_URL": f"http://127.0.0.1:{settings.port}",
        "WM_MAIL_FROM": "comments@world-monitor.example",
        **inherited_environment(),
        "WM_KAFKA": addresses["kafka"],
        "WM_MONGO": addresses["mongo"],
        "WM_REDIS": addresses["redis"],
        "WM_SMTP": addresses["mail"],
        "WM_REPLY_MAILS": "on",
        "WM_RATE_LIMITS": settings.rate_limits,
        "WM_ADMIN_TOKEN_FILE": str(token),
        "WM_DESK_LOGIN_FILE": str(token.with_name(DESK_LOGIN)),
        "WM_SEARCH_INDEX": str(token.parent / "search"),
    }
    if not settings.kafka:
        # The embedded broker has no idempotent producers, its fetches may omit records that are being stored, and its log
        # ends with it, so that a new log is no error.
        env |= {"WM_KAFKA_IDEMPOTENCE": "off", "WM_KAFKA_HOLE_WAIT_MS": "500", "WM_KAFKA_ADOPT_NEW_LOG": "on"}
    return env


def provide_token(data: Path) -> Path:
    """The file with the editor's token. Created on the first start, readable by its owner alone."""
    path = data / "editor.token"
    if not path.exists():
        replace_file(path, f"{secrets.token_urlsafe(32)}\n".encode(), mode=0o600)
    return path
