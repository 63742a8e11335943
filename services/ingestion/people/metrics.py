"""Metrics of sign-in. `deploy/metric_meanings.py` says what a rise means."""

from prometheus_client import Counter

SIGN_INS = Counter(
    "wm_ingestion_sign_ins_total", "Sign-ins by password, by outcome: right, wrong, delayed (429)", ["outcome"]
)
