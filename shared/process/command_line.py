"""Parts that all commands of `world-monitor` share (deploy/commands/)."""

import json
import sys
from typing import Annotated

from cyclopts import App, CycloptsError, Parameter

AsJson = Annotated[bool, Parameter(name="--json", negative="", help="print JSON")]


def command_group(name: str, help_text: str) -> App:
    """A command that needs a further word. Without one it fails, so that a script cannot take the help for success."""
    group = App(name=name, help=help_text, version_flags=[])
    group.default(_refuse)
    return group


def _refuse(*words: Annotated[str, Parameter(show=False)]) -> None:
    fault = f'Unknown command "{words[0]}"' if words else "A command is missing"
    raise CycloptsError(msg=f"{fault}; --help lists the commands.")


def print_progress(line: str) -> None:
    """Print to standard error, so that standard output holds results alone."""
    print(line, file=sys.stderr, flush=True)


def print_json(result: object) -> None:
    """Print a result that `json` can encode."""
    print(json.dumps(result, ensure_ascii=False, indent=2))
