"""Keys of this room's parts, for the handlers."""

from aiohttp import web

from services.comments.access.writer_cookie import LastCommentCookie
from services.comments.posting.edit_page import EditPages
from services.comments.posting.editing import Editing
from services.comments.posting.form_errors import FormErrorPages
from services.comments.posting.posting import Posting

FORM_ERROR_PAGES = web.AppKey("form_error_pages", FormErrorPages)
POSTING = web.AppKey("posting", Posting)
EDITING = web.AppKey("editing", Editing)
EDIT_PAGES = web.AppKey("edit_pages", EditPages)
LAST_COMMENT = web.AppKey("last_comment", LastCommentCookie)
