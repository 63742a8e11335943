"""All operations of this room."""

from collections.abc import Sequence

from services.comments.moderation.ban_contract import OPERATIONS as BANS
from services.comments.moderation.comment_contract import OPERATIONS as COMMENT
from services.comments.moderation.decision_contract import OPERATIONS as DECISIONS
from services.comments.moderation.queue_contract import OPERATIONS as QUEUES
from services.comments.moderation.settings_contract import OPERATIONS as SETTINGS
from shared.http.openapi import Operation

OPERATIONS: Sequence[Operation] = (*QUEUES, *COMMENT, *DECISIONS, *BANS, *SETTINGS)
