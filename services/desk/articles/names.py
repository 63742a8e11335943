"""Names that look misspelt: names of a text that nearly equal a name in use. Pure functions."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from shared.text import fold

# Shorter names have too many honest neighbours: Iran and Iraq, Mali and Male.
_SHORTEST = 6
# Below this length one letter may differ, from it on two.
_LONG = 10
_MOST_WORDS = 4
_MOST_NAMES = 4000
_WORD = re.compile(r"[^\W\d_]+(?:['’\-][^\W\d_]+)*")


@dataclass(frozen=True)
class NearName:
    """A name of the text and the name in use that it nearly equals."""

    written: str
    known: str


def near_names(texts: Sequence[str], listed: Iterable[str], known: Iterable[str]) -> Sequence[NearName]:
    """Names that nearly equal a name in `known`, each once, in order. `listed`: the text's own tags and bylines, names as a whole.

    `known` begins with the most used name; a name in it is compared with more used ones only, so that a mistake that was
    saved once does not vouch for itself. In `texts`, a name is one to four words in a row; in scripts with capital letters
    it begins with one. Names that only have a longer or shorter ending (Kenya, Kenyan) are not reported.
    """
    spelling: dict[str, str] = {}
    for name in known:
        spelling.setdefault(fold(name), name)
    forms = list(spelling)
    rank = {form: number for number, form in enumerate(forms)}
    usual = {fold(word) for text in texts for word in _WORD.findall(text) if word[0].islower()}
    written = [name for name in _names(texts, _lengths(forms)) if fold(name) not in usual]
    found: dict[str, NearName] = {}
    for name in (*listed, *written):
        form = fold(name)
        if form not in found and (near := _nearest(form, forms[: rank.get(form)])) is not None:
            found[form] = NearName(name, spelling[near])
    return _without_parts(found.values())


def _nearest(form: str, known: Iterable[str]) -> str | None:
    return next((other for other in known if is_near(form, other)), None)


def is_near(written: str, known: str) -> bool:
    """Whether two folded names differ by a typing error. They begin alike."""
    if written[:1] != known[:1] or written.startswith(known) or known.startswith(written):
        return False
    most = 2 if min(len(written), len(known)) >= _LONG else 1
    if min(len(written), len(known)) < _SHORTEST or abs(len(written) - len(known)) > most:
        return False
    # Each change adds at most two letters that only one of the names has. Far cheaper than the distance.
    if len(set(written) ^ set(known)) > 2 * most:
        return False
    return distance(written, known, most) <= most


def distance(one: str, other: str, most: int) -> int:
    """Letters to insert, delete, replace or swap with a neighbour; `most + 1` when there are more.

    The optimal string alignment distance (Boytsov 2011, "Indexing methods for approximate dictionary searching", 2.1).
    """
    before: list[int] = []
    last = list(range(len(other) + 1))
    for row, letter in enumerate(one, 1):
        present = [row]
        for column, its in enumerate(other, 1):
            cost = min(last[column] + 1, present[column - 1] + 1, last[column - 1] + (letter != its))
            if row > 1 and column > 1 and letter == other[column - 2] and one[row - 2] == its:
                cost = min(cost, before[column - 2] + 1)
            present.append(cost)
        if min(present) > most:
            return most + 1
        before, last = last, present
    return last[-1]


def _lengths(known: Iterable[str]) -> Sequence[int]:
    return sorted({length for name in known if (length := len(_WORD.findall(name))) <= _MOST_WORDS})


def _names(texts: Sequence[str], lengths: Sequence[int]) -> Sequence[str]:
    """Runs of words that may be names, each once, within a bound."""
    seen: dict[str, None] = {}
    for text in texts:
        words = list(_WORD.finditer(text))
        for length in lengths:
            for name in _runs(text, words, length):
                seen.setdefault(name)
                if len(seen) >= _MOST_NAMES:
                    return tuple(seen)
    return tuple(seen)


def _runs(text: str, words: Sequence[re.Match[str]], length: int) -> Iterator[str]:
    for first, last in zip(words, words[length - 1 :], strict=False):
        name = text[first.start() : last.end()]
        # Only single spaces inside: other runs cross a punctuation mark or a line. An uncased script has no lower letters.
        if name.count(" ") == length - 1 and not first[0][0].islower() and not last[0][0].islower():
            yield name


def _without_parts(found: Iterable[NearName]) -> Sequence[NearName]:
    """Without names inside a longer one that was found too."""
    names = list(found)
    longer = [fold(near.written) for near in names]
    return tuple(
        near
        for near in names
        if not any(fold(near.written) in whole and fold(near.written) != whole for whole in longer)
    )
