"""The settings after a change, and the change in words for the audit. No I/O, no clock."""

from collections.abc import Iterable, Mapping
from dataclasses import fields, replace

from services.comments.model.records import ModerationRule, Webhook
from services.comments.moderation.settings_contract import SettingsChange, WebhookChange
from shared.http.problems import field_problem
from shared.text import fold

# A whole list would make an entry of the audit as long as the list.
_MOST_NAMED = 20


def changed_rule(before: ModerationRule, change: SettingsChange) -> ModerationRule:
    """The next version of the settings. Raises Problem for a new webhook without a secret."""
    named = {name: getattr(change, name) for name in change.model_fields_set}
    for name in ("banned_words", "suspect_words"):
        if name in named:
            named[name] = _without_repetitions(named[name])
    if change.webhook is not None:
        named["webhook"] = _webhook(before.webhook, change.webhook)
    return replace(before, **named, version=before.version + 1)


def changes_of(before: ModerationRule, after: ModerationRule) -> Mapping[str, str]:
    """The changed fields, each with its change in words. The webhook's secret is never in it."""
    names = [field.name for field in fields(ModerationRule) if field.name != "version"]
    return {
        name: _change(getattr(before, name), getattr(after, name))
        for name in names
        if getattr(before, name) != getattr(after, name)
    }


def _change(before: object, after: object) -> str:
    if isinstance(before, tuple) and isinstance(after, tuple):
        words = [f"+{word}" for word in after if word not in before] + [
            f"-{word}" for word in before if word not in after
        ]
        more = [f"and {len(words) - _MOST_NAMED} more"] if len(words) > _MOST_NAMED else []
        return ", ".join(words[:_MOST_NAMED] + more) or "another order"
    return f"{_shown(before)} -> {_shown(after)}"


def _shown(value: object) -> str:
    return f"{value.url} ({value.when_it_fails})" if isinstance(value, Webhook) else str(value)


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
