"""Keys of the application's parts, for the handlers."""

from aiohttp import web

from services.media.api.adding import Adding
from services.media.api.announcer import Announcer
from services.media.api.catalogue import Catalogue
from services.media.api.ingestion_client import IngestionClient
from services.media.api.removal import Removal
from services.media.api.upload import Stage
from services.media.api.worker_client import WorkerClient
from services.media.objects import Objects
from services.media.store import Store
from shared.admission import Admission
from shared.http.guarded import GuardedClient
from shared.http.token_checker import TokenChecker

STORE = web.AppKey("store", Store)
OBJECTS: web.AppKey[Objects] = web.AppKey("objects", Objects)
UPLOADS = web.AppKey("uploads", Admission)
STAGE = web.AppKey("stage", Stage)
ADDING = web.AppKey("adding", Adding)
REMOVAL = web.AppKey("removal", Removal)
CATALOGUE = web.AppKey("catalogue", Catalogue)
ANNOUNCER = web.AppKey("announcer", Announcer)
WORKER = web.AppKey("worker", WorkerClient)
INGESTION = web.AppKey("ingestion", IngestionClient)
TOKEN_CHECKER = web.AppKey("token_checker", TokenChecker)
FETCHING = web.AppKey("fetching", GuardedClient)
