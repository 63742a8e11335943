"""Metrics of the moderation."""

from prometheus_client import Counter

VERDICTS = Counter(
    "wm_comments_verdicts_total", "New and edited comments, by verdict and its first phase", ["verdict", "phase"]
)
WEBHOOK_ANSWERS = Counter(
    "wm_comments_webhook_total", "Comments that the webhook was asked about, by its answer", ["answer"]
)
