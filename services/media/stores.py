"""Opens the store of files that the settings name."""

from services.media.gridfs_store import GridFsStore
from services.media.objects import Objects
from services.media.settings import MediaSettings
from shared.mongo.collections import Database


def open_objects(settings: MediaSettings, database: Database) -> Objects:
    """The store of files. `database` holds them where no other store is set."""
    return GridFsStore(database)
