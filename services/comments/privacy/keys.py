"""Keys of this room's parts, for the handlers."""

from aiohttp import web

from services.comments.privacy.personal_data import PersonalData

PERSONAL_DATA = web.AppKey("personal_data", PersonalData)
