"""The TLS overlay with a self-signed certificate: HTTP/2, HSTS, and the same site behind it."""

import tempfile
from pathlib import Path

from tests.compose.stack import Stack
from tests.support.polling import eventually
from tests.support.ports import free_port


async def speak_tls(stack: Stack) -> None:
    """Apply the overlay to the running platform and fetch a page by HTTP/2."""
    with tempfile.TemporaryDirectory() as name:
        folder, port = Path(name), free_port()
        folder.chmod(0o755)
        await _make_certificate(stack, folder)
        # The stand-in's nginx is built without HTTP/3.
        settings = {**stack.settings, "WM_TLS_DIR": str(folder), "WM_TLS_PORT": str(port), "WM_HTTP3": "off"}
        behind = Stack(stack.project, ("deploy/compose.tls.yml",), settings, stack.port)
        await behind.compose("up", "-d")

        async def answers() -> bool:
            page = await behind.run("curl", "-sik", "--http2", f"https://127.0.0.1:{port}/", wanted=None)
            return page.startswith("HTTP/2 200") and "strict-transport-security: max-age=31536000" in page

        await eventually(answers, within_s=60, every_s=0.5, what="a page over TLS, by HTTP/2, with HSTS")
        plain = await behind.run("curl", "-si", f"http://127.0.0.1:{stack.port}/about")
        assert plain.startswith("HTTP/1.1 308"), plain
        assert f"https://127.0.0.1:{port}/about" in plain, plain


async def _make_certificate(stack: Stack, folder: Path) -> None:
    await stack.run(
        *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"),
        *("-keyout", str(folder / "privkey.pem"), "-out", str(folder / "fullchain.pem")),
        *("-days", "2", "-subj", "/CN=localhost"),
    )
    (folder / "privkey.pem").chmod(0o644)
