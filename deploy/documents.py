"""Writes `docs/SETTINGS.md` and `docs/METRICS.md` from the code. A test compares the files with the code.

`python -m deploy.documents` writes them.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from prometheus_client.metrics import MetricWrapperBase
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings

import services.comments.notifications.metrics
import services.comments.pipeline.metrics
import services.ingestion.articles.metrics
import services.ingestion.people.metrics
import services.media.api.metrics
import services.media.worker.metrics
import services.popularity.metrics
import services.rendering.metrics
import services.search.metrics
import shared.process.metrics
from deploy.compose.settings import ComposeSettings
from deploy.edition.settings import EditionSettings
from deploy.local.settings import LocalSettings
from deploy.metric_meanings import MEANINGS
from services.comments.settings import CommentsSettings
from services.desk.settings import DeskSettings
from services.ingestion.settings import IngestionSettings
from services.media.settings import MediaSettings
from services.popularity.settings import PopularitySettings
from services.rendering.settings import RenderingSettings
from services.search.settings import SearchSettings
from shared.settings import Settings

DOCS = Path(__file__).resolve().parents[1] / "docs"

# Who reads which class. A class that extends `Settings` reads the common ones too.
READERS: Mapping[str, type[BaseSettings]] = {
    "every service": Settings,
    "ingestion": IngestionSettings,
    "comments": CommentsSettings,
    "popularity": PopularitySettings,
    "rendering": RenderingSettings,
    "search": SearchSettings,
    "desk": DeskSettings,
    "media": MediaSettings,
    "`make run`": LocalSettings,
    "compose jobs": ComposeSettings,
    "edition loader": EditionSettings,
}
METRICS: Mapping[str, ModuleType] = {
    "Every service": shared.process.metrics,
    "Comments: mails": services.comments.notifications.metrics,
    "Comments: moderation": services.comments.pipeline.metrics,
    "Ingestion": services.ingestion.articles.metrics,
    "Ingestion: people": services.ingestion.people.metrics,
    "Media": services.media.api.metrics,
    "Media: worker": services.media.worker.metrics,
    "Popularity": services.popularity.metrics,
    "Rendering": services.rendering.metrics,
    "Search": services.search.metrics,
}
_UNITS = (("_ms", "ms"), ("_s", "s"), ("_mib", "MiB"), ("_bytes", "bytes"))


@dataclass(frozen=True)
class OtherVariable:
    """A variable that no settings class reads: a script, the compose file or a test does."""

    name: str
    default: str
    reader: str
    purpose: str


OTHER_VARIABLES = (
    OtherVariable("WM_BIND", "127.0.0.1", "docker-compose.yml", "address on which the host publishes the edge"),
    OtherVariable("WM_TLS_PORT", "8443", "deploy/compose.tls.yml", "port of the edge's TLS on the host"),
    OtherVariable("WM_TLS_DIR", "", "deploy/compose.tls.yml", "folder with `fullchain.pem` and `privkey.pem`"),
    OtherVariable(
        "WM_PYTHON_IMAGE", "python:3.13-slim", "docker-compose.yml", "base of the services' image, for a digest"
    ),
    OtherVariable("WM_IMAGE", "world-monitor:latest", "docker-compose.yml", "name of the services' image"),
    OtherVariable(
        "WM_PYTHON", "", "deploy/bootstrap", "Python interpreter that set-up uses instead of the one it finds"
    ),
    OtherVariable("WM_S3_SERVER", "", "tests", "path of the S3 server `versitygw`; one on the PATH if empty"),
    OtherVariable("WM_FAULT_SECONDS", "120", "make faults, tests/faults", "length of each fault test, in s"),
    OtherVariable(
        "WM_FAULT_VIEWS", "100000", "make faults, tests/faults", "views of the test over midnight, a million by night"
    ),
    OtherVariable("WM_BENCH_ARTICLES", "100000", "tests/bench", "articles of the large read model"),
    OtherVariable("WM_CHROMIUM", "", "tests", "browser that tests use instead of the one they find"),
    OtherVariable("WM_VNU_JAR", "", ".ci/run, tests/e2e", "jar of the Nu HTML checker"),
    OtherVariable("WM_VNU_FOLDER", "~/.cache/world-monitor-vnu", ".ci/run", "where the Nu HTML checker is kept"),
    OtherVariable("WM_EXAMPLES", "", "tests", "`all`: tests try all generated examples, not a third of them"),
    OtherVariable("WM_COMPOSE_SECONDS", "420", ".ci/run", "time limit of the compose test's short form, in s"),
)


def settings_document() -> str:
    """`docs/SETTINGS.md`: every variable with default, unit and reader."""
    lines = [
        "# Settings",
        "",
        "Written by `python -m deploy.documents`; do not edit. Every setting is an environment variable. A wrong value stops the",
        "process with exit status 78 and a sentence that names the variable. A file setting holds a path.",
        "",
    ]
    for reader, settings in READERS.items():
        lines += [
            f"## {reader[0].upper()}{reader[1:]}",
            "",
            "| variable | default | unit | purpose |",
            "|---|---|---|---|",
        ]
        lines += [_setting_row(name, field) for name, field in own_fields(settings)]
        lines.append("")
    lines += ["## Scripts and tests", "", "| variable | default | read by | purpose |", "|---|---|---|---|"]
    lines += [f"| `{v.name}` | {_code(v.default)} | {v.reader} | {v.purpose} |" for v in OTHER_VARIABLES]
    return "\n".join(lines) + "\n"


def own_fields(settings: type[BaseSettings]) -> Iterator[tuple[str, FieldInfo]]:
    """The fields that a class adds to the common ones or defines anew."""
    common = {} if settings is Settings else Settings.model_fields
    for name, field in settings.model_fields.items():
        if name not in common or not issubclass(settings, Settings):
            yield name, field


def variable(name: str) -> str:
    """The environment variable of a field."""
    return f"WM_{name.upper()}"


def _setting_row(name: str, field: FieldInfo) -> str:
    unit = next((unit for suffix, unit in _UNITS if name.endswith(suffix)), "")
    default = "" if field.default is None else str(field.default)
    return f"| `{variable(name)}` | {_code(default)} | {unit} | {field.description} |"


def _code(text: str) -> str:
    return f"`{text}`" if text else ""


def metrics_document() -> str:
    """`docs/METRICS.md`: every metric with kind, labels and the meaning of a rise."""
    lines = [
        "# Metrics",
        "",
        "Written by `python -m deploy.documents`. Each process serves its own at `/metrics` (Prometheus' text format).",
        "The meanings are in `deploy/metric_meanings.py`.",
        "",
    ]
    for owner, module in METRICS.items():
        lines += [f"## {owner}", "", "| metric | kind | labels | measures | a rise means |", "|---|---|---|---|---|"]
        lines += [_metric_row(metric) for metric in metrics_of(module)]
        lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def metrics_of(module: ModuleType) -> Sequence[MetricWrapperBase]:
    """The metrics that a module defines, in order."""
    return [value for value in vars(module).values() if isinstance(value, MetricWrapperBase)]


def metric_name(metric: MetricWrapperBase) -> str:
    """The name in Prometheus' text format: a counter's ends in `_total`."""
    found = next(iter(metric.describe()))
    return f"{found.name}_total" if found.type == "counter" else found.name


def _metric_row(metric: MetricWrapperBase) -> str:
    found, name = next(iter(metric.describe())), metric_name(metric)
    labels = ", ".join(f"`{label}`" for label in metric._labelnames)
    return f"| `{name}` | {found.type} | {labels} | {found.documentation} | {MEANINGS[name]} |"


if __name__ == "__main__":
    (DOCS / "SETTINGS.md").write_text(settings_document(), "utf-8")
    (DOCS / "METRICS.md").write_text(metrics_document(), "utf-8")
