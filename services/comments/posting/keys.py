"""Keys of this room's parts, for the handlers."""

from aiohttp import web

from services.comments.posting.form_errors import FormErrorPages

FORM_ERROR_PAGES = web.AppKey("form_error_pages", FormErrorPages)
