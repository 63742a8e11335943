"""`world-monitor` as a command line: help, mistakes, exit status. Each service's tests cover what its commands do."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.commands import app
from deploy.commands.app import COMMANDS, main
from shared.errors import WorldMonitorError
from tests.support.commands import LAUNCHER, world_monitor

_LIST_IMPORTED_SERVICES = """
import sys
from deploy.commands.app import main
try:
    main(["--help"])
finally:
    print([name for name in sys.modules if name.startswith(("services.", "aiokafka", "motor"))], file=sys.stderr)
"""


def test_help_imports_no_service() -> None:
    shown = subprocess.run(
        [sys.executable, "-c", _LIST_IMPORTED_SERVICES],
        cwd=LAUNCHER.parents[1],
        capture_output=True,
        text=True,
        check=True,
    )

    assert shown.stderr == "[]\n"
    for name in ("topics", "rebuild", "republish", "tokens", "people", "comments", "adopt-log"):
        assert name in shown.stdout


@pytest.mark.parametrize("words", [words for words, *_ in COMMANDS])
def test_operations_document_has_every_command(words: str) -> None:
    assert f"`{words}" in (LAUNCHER.parents[1] / "docs" / "OPERATIONS.md").read_text()


@pytest.mark.parametrize(
    ("words", "named"),
    [
        ((), "--help"),
        (("rebuild",), "--help"),
        (("publish",), '"publish"'),
        (("republish", "pages"), '"pages"'),
        (("topics", "check", "now"), "now"),
        (("topics", "create", "--replicas", "3"), "--replicas"),
        (("tokens", "create", "--name", "A", "--role", "chief"), "--role"),
        (("tokens", "create", "--name", " ", "--role", "admin"), "--name"),
        (("tokens", "create", "--name", "a\x01", "--role", "admin"), "--name"),
        (("tokens", "revoke"), "--token-id"),
        (("people", "invite", "--name", "A", "--email", "a", "--role", "editor"), "--email"),
        (("people", "invite", "--name", " ", "--email", "a@b.example", "--role", "editor"), "--name"),
        (("people", "invite", "--name", "A", "--email", "a@b.example", "--role", "chief"), "--role"),
        (("people", "reset"), "--person"),
        (("comments", "export"), "ADDRESS"),
        (("comments", "erase", "no address"), "ADDRESS"),
        (("adopt-log", "--all"), "--all"),
    ],
)
def test_wrong_command_line_is_named_in_one_line_with_status_2(
    words: tuple[str, ...], named: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as done:
        main(words)

    printed = capsys.readouterr()
    assert (done.value.code, printed.out) == (2, "")
    (line,) = printed.err.splitlines()
    assert line.startswith("world-monitor: ")
    assert named in line


@pytest.mark.parametrize(
    ("words", "settings", "named"),
    [
        (("topics", "check"), {"WM_KAFKA": "127.0.0.1:1"}, "Kafka does not answer"),
        (("tokens", "list"), {"WM_LOG_LEVEL": "LOUD"}, "WM_LOG_LEVEL"),
    ],
)
def test_failure_is_one_line_with_status_1(words: tuple[str, ...], settings: dict[str, str], named: str) -> None:
    done = world_monitor(*words, **settings)

    assert (done.returncode, done.stdout) == (1, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith("world-monitor: ")
    assert named in line


def test_launcher_works_through_a_link_from_any_folder(tmp_path: Path) -> None:
    (tmp_path / "deploy").mkdir()
    (tmp_path / "deploy" / "__init__.py").write_text("raise AssertionError('a package of the working directory')")
    link = tmp_path / "world-monitor"
    link.symlink_to(LAUNCHER)

    shown = subprocess.run([link, "--help"], cwd=tmp_path, env=os.environ, capture_output=True, text=True, check=False)

    assert shown.returncode == 0, shown.stderr
    assert shown.stdout.startswith("Usage: world-monitor")


def test_refusal_of_a_command_is_one_line_with_status_1(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise WorldMonitorError("2 articles would lose\n7 views")

    monkeypatch.setattr(app, "_compose", lambda: refuse)
    with pytest.raises(SystemExit) as done:
        app.main(["rebuild", "rankings"])

    assert (done.value.code, capsys.readouterr().err) == (1, "world-monitor: 2 articles would lose 7 views\n")
