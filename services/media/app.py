"""The two processes of media. A process imports only its own side of the code."""

from shared.http.processes import ServiceProcess

PROCESSES = {
    "api": ServiceProcess("media", "services.media.api.wiring:create_api"),
    "worker": ServiceProcess("media-worker", "services.media.worker.wiring:create_worker"),
}
