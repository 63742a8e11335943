"""What a client accepts and what it already has: the request headers that choose between the forms of one page."""

from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Literal

Encoding = Literal["br", "gzip", "identity"]
# Ours to offer, the smallest first: it decides between encodings that the client likes equally well.
ENCODINGS: tuple[Encoding, ...] = ("br", "gzip", "identity")


@lru_cache(maxsize=1024)
def choose_encoding(accept_encoding: str) -> Encoding:
    """The encoding that an `Accept-Encoding` header likes best (RFC 9110, 12.5.3); identity where it likes none of ours."""
    weights = dict(map(_weighed, accept_encoding.lower().split(",")))
    others = weights.get("*", 0.0)
    liked = {name: weights.get(name, others) for name in ("br", "gzip")}
    # Not forbidden means acceptable, but an encoding that was asked for comes first.
    liked["identity"] = weights.get("identity", weights.get("*", 0.0))
    best = max(ENCODINGS, key=lambda name: liked[name])
    return best if liked[best] > 0 else "identity"


def _weighed(part: str) -> tuple[str, float]:
    name, _, parameter = part.partition(";")
    key, _, value = parameter.partition("=")
    if key.strip() != "q":
        return name.strip(), 1.0
    try:
        return name.strip(), min(max(float(value), 0.0), 1.0)
    except ValueError:
        return name.strip(), 0.0


@lru_cache(maxsize=1024)
def is_unmodified_since(if_modified_since: str, modified_s: int) -> bool:
    """Whether nothing has changed since the moment that `If-Modified-Since` names; false where that is no date."""
    try:
        return parsedate_to_datetime(if_modified_since).timestamp() >= modified_s
    except (ValueError, OverflowError):
        return False
