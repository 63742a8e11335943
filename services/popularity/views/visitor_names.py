"""Names of a day's visitors: keyed hashes that cannot be traced back once the day's key is destroyed (`visitor_key_store.py`)."""

import hashlib

_SIZE = 8


def visitor_name(key: bytes, network: str, agent: str, site_origin: str) -> bytes:
    """Eight bytes that name one visitor during one day: the same network and browser have the same name."""
    return _digest(key, f"{network}\0{agent}\0{site_origin}")


def _digest(key: bytes, text: str) -> bytes:
    # Headers may hold bytes that are not UTF-8.
    return hashlib.blake2b(text.encode("utf-8", "surrogateescape"), key=key, digest_size=_SIZE).digest()
