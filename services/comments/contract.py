"""All operations of the service, for OpenAPI. Each room declares its own."""

from collections.abc import Sequence

from services.comments.letters.contract import OPERATIONS as LETTERS
from services.comments.moderation.contract import OPERATIONS as MODERATION
from services.comments.notifications.contract import OPERATIONS as MAIL
from services.comments.posting.contract import OPERATIONS as POSTING
from services.comments.privacy.contract import OPERATIONS as PRIVACY
from services.comments.reading.contract import OPERATIONS as READING
from shared.http.openapi import Operation

OPERATIONS: Sequence[Operation] = (*POSTING, *READING, *LETTERS, *MODERATION, *PRIVACY, *MAIL)
