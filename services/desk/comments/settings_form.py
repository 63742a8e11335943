"""The settings of discussions between the API and a form. Pure."""

from collections.abc import Mapping

from services.desk.api import Json

MODES = ("first-comment", "pre", "post")
WHEN_IT_FAILS = ("publish", "hold")
_LISTS = ("banned_words", "suspect_words")
_NUMBERS = ("most_links", "close_after_days", "edit_window_s")


def form_values(settings: Json) -> Mapping[str, str]:
    """The fields of the form: a word list has a line for each word, a share is in per cent."""
    values = {"mode": str(settings.get("mode", "")), "votes": "1" if settings.get("votes") else ""}
    for name in _LISTS:
        words = settings.get(name)
        values[name] = "\n".join(str(word) for word in words) if isinstance(words, list) else ""
    for name in _NUMBERS:
        values[name] = "" if settings.get(name) is None else str(settings[name])
    share = settings.get("hold_rejection_rate")
    values["hold_rejection_rate"] = f"{share * 100:g}" if isinstance(share, int | float) else ""
    webhook = settings.get("webhook")
    if isinstance(webhook, dict):
        values["webhook_url"] = str(webhook.get("url", ""))
        values["when_it_fails"] = str(webhook.get("when_it_fails", ""))
        values["has_secret"] = "1"
    return values


def settings_of(values: Mapping[str, str]) -> dict[str, object]:
    """The body of the change. A text that is no number is sent as it is: comments refuses it and names the field."""
    share = _number(values.get("hold_rejection_rate", ""))
    return {
        "mode": values.get("mode", ""),
        "votes": bool(values.get("votes")),
        **{name: words_of_lines(values.get(name, "")) for name in _LISTS},
        **{name: _number(values.get(name, "")) for name in _NUMBERS},
        "hold_rejection_rate": share / 100 if isinstance(share, int | float) else share,
        "webhook": _webhook(values),
    }


def words_of_lines(text: str) -> list[str]:
    """A word list from its lines: no empty ones, none twice, in the order typed."""
    return list(dict.fromkeys(line.strip() for line in text.split("\n") if line.strip()))


def field_of(pointer: str) -> str:
    """The form's name of a field that comments names: `/banned_words/3` is `banned_words`."""
    name, _, rest = pointer.strip("/").partition("/")
    if name != "webhook":
        return name
    return {"secret": "webhook_secret", "when_it_fails": "when_it_fails"}.get(rest, "webhook_url")


def _webhook(values: Mapping[str, str]) -> Json | None:
    if not (url := values.get("webhook_url", "").strip()):
        return None
    webhook = {"url": url, "when_it_fails": values.get("when_it_fails") or WHEN_IT_FAILS[0]}
    # Comments never shows the secret: an empty field keeps it.
    return {**webhook, "secret": secret} if (secret := values.get("webhook_secret", "").strip()) else webhook


def _number(text: str) -> int | float | str | None:
    text = text.strip().translate(_DIGITS)
    if not text:
        return None
    if text.isascii() and text.isdecimal():
        return int(text)
    try:
        return float(text)
    except ValueError:
        return text


# Arabic-Indic digits and their decimal mark, as a person types them.
_DIGITS = str.maketrans("٠١٢٣٤٥٦٧٨٩٫", "0123456789.")
