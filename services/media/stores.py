"""Opens the store of files that the settings name."""

from services.media.gridfs_store import GridFsStore
from services.media.moving_store import MovingStore
from services.media.objects import Objects
from services.media.settings import GRIDFS, MediaSettings
from shared.mongo.collections import Database


def open_objects(settings: MediaSettings, database: Database) -> Objects:
    """The store of files; both stores as one while files move. `database` holds them where no other store is set."""
    present = _open(settings.media_store, settings, database)
    if not settings.media_store_former:
        return present
    return MovingStore(present, _open(settings.media_store_former, settings, database))


def _open(url: str, settings: MediaSettings, database: Database) -> Objects:
    if url in ("", GRIDFS):
        return GridFsStore(database)
    # obstore's library has 40 MB, which a GridFS installation need not load.
    from services.media.bucket_store import open_bucket

    return open_bucket(url, settings)
