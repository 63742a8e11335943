"""The settings after a change. No I/O, no clock."""

from collections.abc import Iterable
from dataclasses import replace

from services.comments.model.records import ModerationRule, Webhook
from services.comments.moderation.settings_contract import SettingsChange, WebhookChange
from shared.http.problems import field_problem
from shared.text import fold


def changed_rule(before: ModerationRule, change: SettingsChange) -> ModerationRule:
    """The next version of the settings. Raises Problem for a new webhook without a secret."""
    named = {name: getattr(change, name) for name in change.model_fields_set}
    for name in ("banned_words", "suspect_words"):
        if name in named:
            named[name] = _without_repetitions(named[name])
    if change.webhook is not None:
        named["webhook"] = _webhook(before.webhook, change.webhook)
    return replace(before, **named, version=before.version + 1)


def _webhook(before: Webhook | None, change: WebhookChange) -> Webhook:
    secret = change.secret or (before.secret if before else "")
    if not secret:
        raise field_problem("/webhook/secret", "A new webhook needs a secret, which signs its requests.")
    return Webhook(change.url, secret, change.when_it_fails)


def _without_repetitions(words: Iterable[str]) -> tuple[str, ...]:
    first: dict[str, str] = {}
    for word in words:
        first.setdefault(fold(word), word)
    return tuple(first.values())
