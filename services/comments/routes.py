"""HTTP in: the routes of all rooms."""

from services.comments.letters.letter_routes import ROUTES as LETTERS
from services.comments.moderation.moderation_routes import ROUTES as MODERATION
from services.comments.posting.post_routes import ROUTES as POSTING
from services.comments.reading.list_routes import ROUTES as READING

ROUTES = [*POSTING, *READING, *LETTERS, *MODERATION]
