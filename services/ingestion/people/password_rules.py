"""The rule for passwords: length, and nothing that attackers try first. No rule of composition (NIST SP 800-63B, 5.1.1.2).

A list of common passwords of twelve characters and more would be long, and nearly all of it is a common word with a tail:
`password1234`, `P@ssw0rd!2026`, `qwertyqwerty`. So the list has words, and a password is common if it is made of at most two of
them, with digits and signs. With the usual tails that covers some hundred thousand passwords. Four random words are fine.
"""

import re
import unicodedata
from collections.abc import Iterable
from functools import cache
from itertools import islice, pairwise, permutations
from pathlib import Path

from shared.http.problems import field_problem

SHORTEST = 12
LONGEST = 200
_MOST_WORDS = 2
# Letters that may be left over beside the words.
_MOST_LEFT = 2
_SHORTEST_WORD = 3
_LONGEST_PERIOD = 6
# A text of 200 letters can hold many words; more pairs than these are not tried.
_MOST_GROUPS = 5000
_FILE = Path(__file__).with_name("common_words.txt")
_LEET = str.maketrans("@4310$57!|", "aaeiossti" + "l")
_ROWS = ("abcdefghijklmnopqrstuvwxyz", "01234567890123456789", "qwertyuiop", "asdfghjkl", "zxcvbnm", "qwertzuiop")


def check_password(pointer: str, password: str, about: Iterable[str]) -> None:
    """422 at `pointer` for a password that the rule refuses. `about`: texts that name the person or the site."""
    fault = fault_of(password, about)
    if fault is not None:
        raise field_problem(pointer, fault)


def fault_of(password: str, about: Iterable[str]) -> str | None:
    """The sentence that says what is wrong, None for a good password."""
    text = unicodedata.normalize("NFKC", password)
    if not SHORTEST <= len(text) <= LONGEST:
        return f"A password has {SHORTEST} to {LONGEST} characters. Several words are easy to remember."
    if is_pattern(text):
        return "This password is a pattern that is easy to guess. Several words are easy to remember."
    if _is_made_of(text, names_in(about)):
        return "This password is made of your name, your address or the site's name."
    if _is_made_of(text, _common_words()):
        return "This password is one of those that attackers try first. Several words are easy to remember."
    return None


def is_pattern(text: str) -> bool:
    """Whether it repeats a short piece, or is a run of neighbours: `abababababab`, `1234567890123`, `qwertyuiopas`."""
    folded = text.casefold()
    if any(folded == (folded[:period] * len(folded))[: len(folded)] for period in range(1, _LONGEST_PERIOD + 1)):
        return True
    steps = sum(_are_neighbours(left, right) for left, right in pairwise(folded))
    return steps >= 0.8 * (len(folded) - 1)


def _are_neighbours(left: str, right: str) -> bool:
    return left == right or any(left + right in row or right + left in row for row in _ROWS)


def names_in(texts: Iterable[str]) -> frozenset[str]:
    """The words of names and addresses, and each text without its signs."""
    folded = [unicodedata.normalize("NFKC", text).casefold() for text in texts]
    words = {word for text in folded for word in re.split(r"[\W_\d]+", text)}
    words |= {re.sub(r"[\W_]+", "", part) for text in folded for part in (text, text.partition("@")[0])}
    return frozenset(word for word in words if len(word) >= _SHORTEST_WORD)


def _is_made_of(text: str, words: frozenset[str]) -> bool:
    folded = text.casefold()
    return any(_few_words_explain(form, words) for form in (folded, folded.translate(_LEET)))


def _few_words_explain(text: str, words: frozenset[str]) -> bool:
    """Whether at most _MOST_WORDS different words, digits and signs make up the whole text."""
    letters = re.sub(r"[\W_]+", "", text)
    inside = [word for word in words if word in letters]
    groups = (group for size in range(1, _MOST_WORDS + 1) for group in permutations(inside, size))
    return any(_letters_left(letters, group) <= _MOST_LEFT for group in islice(groups, _MOST_GROUPS))


def _letters_left(text: str, words: Iterable[str]) -> int:
    for word in words:
        text = text.replace(word, " ")
    return sum(character.isalpha() for character in text)


@cache
def _common_words() -> frozenset[str]:
    return frozenset(_FILE.read_text("utf-8").split())
