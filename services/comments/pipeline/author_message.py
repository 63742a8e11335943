"""The sentences for an author: the decision of the moderation about a comment, and the possible next step."""

import tomllib
from collections.abc import Mapping
from pathlib import Path

from services.comments.pipeline.facts import Verdict

_SENTENCES: Mapping[str, Mapping[str, Mapping[str, str]]] = tomllib.loads(
    Path(__file__).with_name("author_message.toml").read_text("utf-8")
)
_USUAL_LANGUAGE = "en"


def author_message(verdict: Verdict, language: str) -> str:
    """A plain text for the author, empty for a published comment. It never names a matched word or a limit.

    `language`: a BCP 47 tag such as `ar-EG`; English for an unknown one.
    """
    if verdict.status == "published":
        return ""
    words = _SENTENCES.get(language.partition("-")[0].casefold(), _SENTENCES[_USUAL_LANGUAGE])
    sentences = words[verdict.status]
    phase = verdict.reasons[0].phase if verdict.reasons else ""
    return f"{sentences['begin']} {sentences.get(phase, sentences['other'])}"
