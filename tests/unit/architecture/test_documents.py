"""Documents agree with the code: settings, metrics, lists of files, cited paths."""

import re
import subprocess
from pathlib import Path

import pytest

from deploy import documents
from deploy.metric_meanings import MEANINGS

ROOT = Path(__file__).resolve().parents[3]
DOCS = ROOT / "docs"
# Names in tests of error messages; no setting.
_EXAMPLES = {"WM_X"}
# History names files as they were.
_HISTORY = {"CHANGELOG.md"}


def tracked(*patterns: str) -> list[Path]:
    """The files under version control, by patterns of git."""
    found = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *patterns],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return [ROOT / line for line in found.stdout.splitlines() if (ROOT / line).is_file()]


def text_of(path: Path) -> str:
    """A file's text; empty for a binary file."""
    try:
        return path.read_text("utf-8")
    except UnicodeDecodeError:
        return ""


@pytest.mark.parametrize(
    ("name", "written"),
    [("SETTINGS.md", documents.settings_document), ("METRICS.md", documents.metrics_document)],
)
def test_generated_document_agrees_with_the_code(name: str, written: object) -> None:
    assert callable(written)
    assert (DOCS / name).read_text("utf-8") == written(), "run: python -m deploy.documents"


def test_every_variable_in_use_is_in_the_settings_document() -> None:
    known = set(re.findall(r"`(WM_[A-Z0-9_]+)`", (DOCS / "SETTINGS.md").read_text("utf-8")))
    used = {
        name
        for path in tracked()
        if path.name not in _HISTORY
        for name in re.findall(r"\bWM_[A-Z0-9_]*[A-Z0-9]\b", text_of(path))
    }

    assert used - known - _EXAMPLES == set()


def test_every_metric_has_a_meaning_and_every_meaning_a_metric() -> None:
    names = {
        documents.metric_name(metric)
        for module in documents.METRICS.values()
        for metric in documents.metrics_of(module)
    }

    assert set(MEANINGS) == names


@pytest.mark.parametrize("folder", ["shared", "services/rendering"])
def test_readme_lists_every_file_of_its_folder(folder: str) -> None:
    listed = re.findall(r"^\| `([^`|]+)` \|", (ROOT / folder / "README.md").read_text("utf-8"), re.M)
    files = {str(path.relative_to(ROOT / folder)) for path in tracked(f"{folder}/*.py") if path.stat().st_size}

    rows = [name for name in listed if name.endswith(".py")]
    assert sorted(rows) == sorted(files)


def cited_paths(text: str) -> set[str]:
    """The paths of the project that a text names."""
    found = re.findall(r"(?<![\w./-])(?:services|shared|deploy|tests|docs)/[\w./-]*\w(?![\w{*<$])", text)
    return {path for path in found if "." in path.rpartition("/")[2] or path.count("/") > 1}


def test_every_cited_path_exists() -> None:
    missing = {
        f"{path.relative_to(ROOT)}: {cited}"
        for path in tracked(
            "*.py", "*.md", "*.yml", "*.toml", "*.lua", "*.js", "*.css", "*.html", "Makefile", ".ci/run"
        )
        if path.name not in _HISTORY
        for cited in cited_paths(text_of(path))
        if not (ROOT / cited).exists()
    }

    assert missing == set()


def test_every_cited_file_name_exists() -> None:
    names = {path.name for path in tracked()}
    missing = {
        f"{path.relative_to(ROOT)}: {cited}"
        for path in tracked("services", "shared", "deploy", "docs", "README.md", "CONTRIBUTING.md")
        if path.suffix in {".py", ".md", ".lua"}
        for cited in re.findall(r"`([a-z_]+\.(?:py|lua))`", text_of(path))
        if cited not in names
    }

    assert missing == set()


def test_a_path_that_does_not_exist_is_found() -> None:
    assert cited_paths("see `services/" + "none.py` and tests/unit") == {"services/" + "none.py"}
