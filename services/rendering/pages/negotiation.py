"""Content negotiation: request headers that choose an encoding or allow a 304."""

from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Literal

Encoding = Literal["br", "gzip", "identity"]
# In our order of preference, smallest first: decides between encodings of equal weight.
ENCODINGS: tuple[Encoding, ...] = ("br", "gzip", "identity")
# Browsers send 30 characters. A header of 8 KB would take 3 ms, and its place in the memory of answers.
_LONGEST_CHOICE = 256
_LONGEST_DATE = 64


def choose_encoding(accept_encoding: str) -> Encoding:
    """The preferred encoding of an `Accept-Encoding` header (RFC 9110, 12.5.3); identity where it accepts none of ours.

    Of a long header only the first parts count.
    """
    if len(accept_encoding) > _LONGEST_CHOICE:
        accept_encoding = accept_encoding[:_LONGEST_CHOICE].rpartition(",")[0]
    return _choose(accept_encoding)


@lru_cache(maxsize=1024)
def _choose(accept_encoding: str) -> Encoding:
    weights = dict(map(_weighed, accept_encoding.lower().split(",")))
    others = weights.get("*", 0.0)
    # Identity is acceptable even when absent, but a named encoding comes first.
    offered = {name: weights.get(name, others) for name in ENCODINGS}
    best = max(ENCODINGS, key=lambda name: offered[name])
    return best if offered[best] > 0 else "identity"


def _weighed(part: str) -> tuple[str, float]:
    name, _, parameter = part.partition(";")
    key, _, value = parameter.partition("=")
    if key.strip() != "q":
        return name.strip(), 1.0
    try:
        return name.strip(), min(max(float(value), 0.0), 1.0)
    except ValueError:
        return name.strip(), 0.0


def is_unmodified_since(if_modified_since: str, modified_s: int) -> bool:
    """Whether `If-Modified-Since` is as new as the last change; false where it is no date."""
    return len(if_modified_since) <= _LONGEST_DATE and _is_unmodified_since(if_modified_since, modified_s)


@lru_cache(maxsize=1024)
def _is_unmodified_since(if_modified_since: str, modified_s: int) -> bool:
    try:
        return parsedate_to_datetime(if_modified_since).timestamp() >= modified_s
    except (ValueError, OverflowError):
        return False
