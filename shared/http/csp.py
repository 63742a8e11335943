"""Content Security Policy: what it calls a text that may stand in a page."""

import base64
import hashlib


def source_of(text: str) -> str:
    """A style or script by its hash, with the quotation marks that belong to it (CSP Level 3, 2.3.1)."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
