"""An import from beginning to end: match threads, place comments, write them, with progress."""

import csv
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from services.comments.imports.plan import as_comment, email_of, match_threads, path_of, place
from services.comments.imports.source import BadImport, Source
from services.comments.imports.writer import AT_ONCE, Imported, write
from services.comments.model.store import Store


@dataclass
class ImportReport:
    """The numbers of an import. `left_out`: comments by reason. `unmatched`: addresses of threads without an article."""

    found: int = 0
    created: int = 0
    known: int = 0
    left_out: Counter[str] = field(default_factory=Counter)
    unmatched: list[str] = field(default_factory=list)


def read_table(path: Path) -> Mapping[str, str]:
    """Articles' ids by source address, from a CSV file of two columns. Raises BadImport naming the line."""
    table: dict[str, str] = {}
    try:
        with path.open(encoding="utf-8", newline="") as lines:
            for number, row in enumerate(csv.reader(lines), 1):
                if len(row) != 2 or not all(cell.strip() for cell in row):
                    raise BadImport(
                        f"{path}, line {number}: two columns are expected: source address, article id or path"
                    )
                table[row[0].strip()] = row[1].strip()
    except (OSError, UnicodeDecodeError) as error:
        raise BadImport(f"{path} cannot be read: {error}") from error
    return table


async def run_import(
    store: Store, source: Source, table: Mapping[str, str], on_progress: Callable[[str], None], *, dry: bool
) -> ImportReport:
    """Import a file. `dry` writes nothing. Repeat it after an interruption. Raises BadImport, Unavailable."""
    paths = await store.articles.paths()
    ids = set(paths.values())
    named = {address: _article(target, paths, ids) for address, target in table.items()}
    articles, unmatched = match_threads(source.threads(), named, paths.get)
    report = ImportReport(unmatched=[thread.address for thread in unmatched])
    places = place(source, articles)
    waiting: list[Imported] = []
    for found in source.comments():
        report.found += 1
        comment = as_comment(found, places)
        if isinstance(comment, str):
            report.left_out[comment] += 1
        else:
            waiting.append(Imported(comment, email_of(found)))
        if len(waiting) == AT_ONCE:
            await _write(store, waiting, report, dry)
            waiting = []
            on_progress(f"{report.found} of {len(places.placed)} comments")
    await _write(store, waiting, report, dry)
    return report


async def _write(store: Store, waiting: list[Imported], report: ImportReport, dry: bool) -> None:
    if dry:
        known = await store.comments.by_ids([one.comment.id for one in waiting])
        created = sum(one.comment.id not in known for one in waiting)
    else:
        created = await write(store, waiting)
    report.created += created
    report.known += len(waiting) - created


def _article(target: str, paths: Mapping[str, str], ids: set[str]) -> str:
    found = target if target in ids else paths.get(path_of(target))
    if found is None:
        raise BadImport(f"the table names an article that is not published: {target}")
    return found
