"""Metrics of mails."""

from prometheus_client import Counter, Gauge

MAILS = Counter("wm_mails_total", "Mails, by the outcome of their work", ["kind", "outcome"])
MAIL_ATTEMPTS_LATER = Counter("wm_mail_attempts_later_total", "Attempts that the mail server refused for now")
MAIL_SERVER_DOWN = Counter("wm_mail_server_down_total", "Looks at which the mail server took nothing")
MAILS_DUE = Gauge("wm_mails_due", "Mails with work left at the last look of this process")
MAIL_OLDEST = Gauge("wm_mail_oldest_seconds", "Age of the oldest mail with work left at the last look of this process")
VERIFICATIONS = Counter("wm_mail_verifications_total", "Decisions about new wishes for mails", ["step"])
CONFIRMATIONS = Counter("wm_mail_confirmations_total", "Addresses confirmed, and unsubscribed", ["act"])
