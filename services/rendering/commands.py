"""`world-monitor rebuild read-model`."""

from services.rendering.projector.rebuild import rebuild as rebuild_read_model
from services.rendering.readmodel.names import DATABASE, PROJECTOR_GROUP
from services.rendering.settings import RenderingSettings


async def rebuild() -> None:
    """Build the read model again from the beginning of the logs, while the present one serves.

    Interrupted, it continues where it was when it is called again.
    """
    await rebuild_read_model(RenderingSettings.load(), database=DATABASE, group=PROJECTOR_GROUP)
