"""Keys of this room's parts, for the handlers."""

from aiohttp import web

from services.comments.posting.editing import Editing
from services.comments.posting.form_errors import FormErrorPages
from services.comments.posting.posting import Posting

FORM_ERROR_PAGES = web.AppKey("form_error_pages", FormErrorPages)
POSTING = web.AppKey("posting", Posting)
EDITING = web.AppKey("editing", Editing)
