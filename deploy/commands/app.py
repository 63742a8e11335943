"""Composes `world-monitor` out of the services' commands. A command's module is imported only when the command runs."""

import sys
from collections.abc import Sequence

from cyclopts import App, CycloptsError

from shared.errors import WorldMonitorError
from shared.process.command_line import command_group

EXIT_FAILED = 1
EXIT_USAGE = 2


_GROUPS = {
    "rebuild": "Build derived data again from the logs, beside the data that serves.",
    "fsck": "Compare derived data with what it was made of.",
    "republish": "Send the newest state of everything to its topic again.",
}

# Words, `module:command`, help.
COMMANDS = (
    ("topics", "deploy.commands.topics:topics", "Kafka's topics: create, check."),
    ("rebuild read-model", "services.rendering.commands:rebuild", "The read model of the pages."),
    ("rebuild search", "services.search.commands:rebuild", "The search index of WM_INSTANCE."),
    (
        "rebuild rankings",
        "services.popularity.numbers.commands:rebuild_rankings",
        "The counts of views, from roll-ups and the log.",
    ),
    (
        "fsck rankings",
        "services.popularity.numbers.commands:fsck_rankings",
        "The counts of views against roll-ups and the log.",
    ),
    ("republish articles", "services.ingestion.commands:republish", "Every article, to articles.v1."),
    ("republish comments", "services.comments.commands:republish", "Every comment, to comments.v1."),
    ("tokens", "services.ingestion.commands:tokens", "Editors' tokens: create, list, revoke."),
    ("people", "services.ingestion.people_commands:people", "People: list, invite, deactivate, activate, reset."),
    (
        "comments",
        "services.comments.commands:comments",
        "A person's data: export, erase; comments of other systems: import.",
    ),
    ("media", "services.media.api.commands:media", "Pictures: unused, remove-unused, move-store, rebuild-variants."),
    ("adopt-log", "services.popularity.counting.commands:adopt", "Count views from a log that replaced the known one."),
)


def _compose() -> App:
    app = command_group("world-monitor", "Operate World Monitor. Settings are read from WM_* variables.")
    groups = {"": app, **{name: command_group(name, text) for name, text in _GROUPS.items()}}
    for name in _GROUPS:
        app.command(groups[name])
    for words, source, text in COMMANDS:
        group, _, name = words.rpartition(" ")
        groups[group].command(source, name=name, help=text)
    return app


def main(words: Sequence[str] | None = None) -> None:
    """Run one command and exit: 0 when it did its work, 1 when it could not, 2 when the command line is wrong."""
    try:
        _compose()(words, exit_on_error=False, print_error=False)
    except CycloptsError as error:
        _fail(error, EXIT_USAGE)
    except WorldMonitorError as error:
        _fail(error, EXIT_FAILED)


def _fail(error: Exception, status: int) -> None:
    print(f"world-monitor: {' '.join(str(error).split())}", file=sys.stderr)
    sys.exit(status)
