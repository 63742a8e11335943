"""The two processes of rendering. A process imports only its own side of the code."""

from shared.http.processes import ServiceProcess

PROCESSES = {
    "gateway": ServiceProcess("rendering", "services.rendering.gateway.wiring:create_gateway"),
    "projector": ServiceProcess("rendering-projector", "services.rendering.projector.wiring:create_projector"),
}
