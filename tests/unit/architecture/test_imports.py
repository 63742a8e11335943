"""Imports run in one direction. The table is the architecture: a folder or module, and what it may import."""

import ast
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
SERVICES = ("comments", "desk", "ingestion", "media", "popularity", "rendering", "search")

# The longest name that matches is a module's group. Every group may import itself; a service may import all of `shared`.
_BASE = {"shared", "shared.process.tracing"}
_POPULARITY = {f"services.popularity.{name}" for name in ("settings", "contract", "metrics", "model")}
ALLOWED: Mapping[str, set[str]] = {
    "shared": {"shared.process.tracing"},
    "shared.process.tracing": set(),
    "shared.process": _BASE,
    "shared.site": _BASE,
    "shared.mongo": _BASE | {"shared.process"},
    "shared.kafka": _BASE | {"shared.process"},
    "shared.outbox": _BASE | {"shared.process", "shared.kafka", "shared.mongo"},
    "shared.http": _BASE | {"shared.process", "shared.mongo"},
    "services.comments": {
        "services.comments.settings",
        "services.comments.plain_forms",
        "services.comments.plain_page",
        "services.comments.model",
        "services.comments.access",
        "services.comments.pipeline",
        "services.comments.reading",
        "services.comments.posting",
        "services.comments.moderation",
        "services.comments.letters",
        "services.comments.notifications",
        "services.comments.privacy",
        "services.comments.imports",
    },
    "services.comments.settings": {"services.comments.model"},
    "services.comments.plain_forms": set(),
    "services.comments.plain_page": set(),
    "services.comments.model": set(),
    "services.comments.access": {"services.comments.settings", "services.comments.model"},
    "services.comments.pipeline": {"services.comments.model"},
    "services.comments.reading": {
        "services.comments.plain_forms",
        "services.comments.plain_page",
        "services.comments.model",
        "services.comments.access",
    },
    "services.comments.posting": {
        "services.comments.settings",
        "services.comments.plain_forms",
        "services.comments.plain_page",
        "services.comments.model",
        "services.comments.access",
        "services.comments.pipeline",
        "services.comments.reading",
        "services.comments.notifications",
    },
    "services.comments.moderation": {
        "services.comments.model",
        "services.comments.access",
        "services.comments.pipeline",
        "services.comments.reading",
        "services.comments.notifications",
    },
    "services.comments.letters": {
        "services.comments.plain_forms",
        "services.comments.model",
        "services.comments.access",
        "services.comments.posting",
    },
    "services.comments.notifications": {
        "services.comments.settings",
        "services.comments.plain_page",
        "services.comments.model",
        "services.comments.access",
    },
    "services.comments.privacy": {
        "services.comments.model",
        "services.comments.posting",
        "services.comments.reading",
        "services.comments.access",
        "services.comments.moderation",
        "services.comments.notifications",
        "services.comments.letters",
    },
    "services.comments.imports": {
        "services.comments.settings",
        "services.comments.model",
        "services.comments.pipeline",
    },
    "services.ingestion": {"services.ingestion.articles", "services.ingestion.people", "services.ingestion.pictures"},
    "services.ingestion.articles": {"services.ingestion.people", "services.ingestion.pictures"},
    "services.ingestion.pictures": set(),
    "services.ingestion.people": set(),
    "services.rendering": set(),
    "services.rendering.readmodel": {"services.rendering"},
    "services.rendering.projector": {"services.rendering", "services.rendering.readmodel"},
    "services.rendering.pages": {"services.rendering", "services.rendering.readmodel"},
    "services.rendering.feeds": {
        "services.rendering",
        "services.rendering.readmodel",
        "services.rendering.pages",
    },
    "services.rendering.gateway.live": {
        "services.rendering",
        "services.rendering.readmodel",
        "services.rendering.pages",
    },
    "services.rendering.gateway": {
        "services.rendering",
        "services.rendering.readmodel",
        "services.rendering.pages",
        "services.rendering.feeds",
        "services.rendering.gateway.live",
    },
    "services.rendering.commands": {
        "services.rendering",
        "services.rendering.readmodel",
        "services.rendering.projector",
    },
    "services.media": set(),
    "services.media.api": {"services.media"},
    "services.media.worker": {"services.media"},
    "services.popularity": {
        "services.popularity.settings",
        "services.popularity.contract",
        "services.popularity.metrics",
        "services.popularity.model",
        "services.popularity.views",
        "services.popularity.counting",
        "services.popularity.rankings",
        "services.popularity.numbers",
    },
    "services.popularity.settings": set(),
    "services.popularity.contract": set(),
    "services.popularity.metrics": set(),
    "services.popularity.model": set(),
    "services.popularity.views": _POPULARITY,
    "services.popularity.rankings": _POPULARITY,
    "services.popularity.numbers": _POPULARITY | {"services.popularity.rankings"},
    "services.popularity.counting": _POPULARITY | {"services.popularity.rankings", "services.popularity.numbers"},
    **{f"services.{name}": set() for name in ("desk", "search")},
}


def group_of(module: str) -> str | None:
    """The longest group of the table that a module belongs to; None for a module of another package."""
    found = [group for group in ALLOWED if module == group or module.startswith(f"{group}.")]
    return max(found, key=len) if found else None


def is_allowed(importer: str, imported: str) -> bool:
    """Whether the table lets one module import another."""
    source, target = group_of(importer), group_of(imported)
    if source is None or source == target:
        return True
    if target is None:
        return imported.split(".")[0] not in {"services", "shared", "deploy", "tests"}
    if source.startswith("services.") and target.startswith("shared"):
        return True
    return target in ALLOWED[source]


def imports_of(path: Path) -> Iterator[str]:
    """The project's modules that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                name = f"{node.module}.{alias.name}"
                yield name if (ROOT / f"{name.replace('.', '/')}.py").exists() else node.module


def module_of(path: Path) -> str:
    """A file's module name."""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


@pytest.mark.parametrize("package", ["shared", *(f"services/{name}" for name in SERVICES)])
def test_imports_follow_the_table(package: str) -> None:
    forbidden = [
        f"{module_of(path)} imports {imported}"
        for path in sorted((ROOT / package).rglob("*.py"))
        for imported in imports_of(path)
        if not is_allowed(module_of(path), imported)
    ]

    assert forbidden == []


def test_a_forbidden_import_is_found() -> None:
    assert not is_allowed("services.rendering.projector.runner", "services.rendering.pages.templates")
    assert not is_allowed("services.comments.routes", "services.ingestion.store")
    assert not is_allowed("services.comments.model.store", "services.comments.moderation.contract")
    assert not is_allowed("services.ingestion.people.routes", "services.ingestion.articles.store")
    assert not is_allowed("shared.kafka.client", "shared.mongo.client")
    assert not is_allowed("shared.errors", "services.search.app")


def loaded_by(module: str) -> set[str]:
    """The modules in a new interpreter after an import."""
    code = f"import sys, {module}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_the_gateway_loads_nothing_of_the_projector() -> None:
    loaded = loaded_by("services.rendering.gateway.wiring")

    assert not [name for name in loaded if name.startswith("services.rendering.projector")]


def test_the_projector_loads_no_templates_and_no_xml() -> None:
    loaded = loaded_by("services.rendering.projector.wiring")

    assert not loaded & {"jinja2", "lxml", "lxml.etree"}
    assert not [name for name in loaded if name.startswith(("services.rendering.gateway", "services.rendering.pages"))]


def test_no_class_name_stands_twice_in_a_service() -> None:
    for service in SERVICES:
        seen: dict[str, str] = {}
        for path in sorted((ROOT / "services" / service).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.ClassDef):
                    assert node.name not in seen, f"{node.name}: {seen.get(node.name)} and {path.relative_to(ROOT)}"
                    seen[node.name] = str(path.relative_to(ROOT))
