"""The map page and what every answer says about it: it loads nothing from another host, and nobody frames it."""

import logging
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.responses import FileResponse, Response
from fastapi.staticfiles import StaticFiles
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from crackmap_server.errors import NotFound

_log = logging.getLogger(__name__)
WEB = Path(__file__).parent / "web"

HEADERS = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class PageFiles(StaticFiles):
    """Files that browsers ask after each time: one module of yesterday's version would break the page."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        response = super().file_response(*args, **kwargs)
        response.headers["Cache-Control"] = "no-cache"
        return response


class SafeHeaders:
    """Adds HEADERS to every answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, with_headers if scope["type"] == "http" else send)


def add_page(app: FastAPI) -> None:
    """The page at /, its files under /static/."""
    app.add_middleware(SafeHeaders)

    @app.get("/", include_in_schema=False)
    def get_page() -> FileResponse:
        page = WEB / "index.html"
        if not page.exists():
            raise NotFound("the map page is not part of this installation")
        return FileResponse(page, headers={"Cache-Control": "no-cache"})

    app.mount("/static", PageFiles(directory=WEB, check_dir=False), name="static")


def warn_without_leaflet() -> None:
    """Leaflet is put in when the part is built; a checkout that was never built lacks it."""
    if not (WEB / "leaflet" / "leaflet.js").exists():
        _log.warning("web/leaflet is missing: the map page cannot draw. Install crackmap-server again to fetch it")
