"""HTTP in: the routes of all rooms."""

from services.comments.letters.letter_routes import ROUTES as LETTERS
from services.comments.moderation.ban_routes import ROUTES as BANS
from services.comments.moderation.comment_routes import ROUTES as MODERATED_COMMENT
from services.comments.moderation.decision_routes import ROUTES as DECISIONS
from services.comments.moderation.discussion_routes import ROUTES as DISCUSSION_SETTINGS
from services.comments.moderation.queue_routes import ROUTES as QUEUES
from services.comments.moderation.settings_routes import ROUTES as MODERATION_SETTINGS
from services.comments.notifications.mail_routes import ROUTES as MAIL
from services.comments.posting.edit_form_routes import ROUTES as EDIT_FORMS
from services.comments.posting.edit_routes import ROUTES as EDITS
from services.comments.posting.post_routes import ROUTES as POSTING
from services.comments.privacy.people_routes import ROUTES as PRIVACY
from services.comments.reading.comment_routes import ROUTES as COMMENT
from services.comments.reading.discussion_routes import ROUTES as DISCUSSION
from services.comments.reading.list_routes import ROUTES as THREADS
from services.comments.reading.reaction_routes import ROUTES as REACTIONS
from services.comments.reading.report_page import ROUTES as REPORT_PAGE

ROUTES = [
    *PRIVACY,
    *POSTING,
    *EDITS,
    *EDIT_FORMS,
    *THREADS,
    *COMMENT,
    *REACTIONS,
    *REPORT_PAGE,
    *DISCUSSION,
    *LETTERS,
    *MODERATION_SETTINGS,
    *QUEUES,
    *DECISIONS,
    *BANS,
    *MODERATED_COMMENT,
    *DISCUSSION_SETTINGS,
    *MAIL,
]
