"""The app: routes, the writer's life, the map page. `create_app(settings)` opens nothing before it is entered."""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI, Request, Response
from fastapi.responses import FileResponse
from fastapi.staticfiles import StaticFiles

from crackmap import __version__
from crackmap_server import problems
from crackmap_server.engines import create_engines
from crackmap_server.errors import NotFound
from crackmap_server.evidence import EvidenceFolder
from crackmap_server.routes import detections, evidence, frames, health, inspections, reports, surfaces
from crackmap_server.settings import Settings
from crackmap_server.writer import Writer

_log = logging.getLogger(__name__)
_WEB = Path(__file__).parent / "web"

# The page loads nothing from another host, and no other page may hold it in a frame.
_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


def create_app(settings: Settings) -> FastAPI:
    """The app on a database that `upgrade.prepared` has brought to this version."""
    engines = create_engines(settings.database_url, settings.busy_timeout_s)
    folder = EvidenceFolder(settings.evidence_folder, settings.picture_bytes, settings.picture_pixels)
    writer = Writer(engines.writer, settings.queue_requests, settings.group_requests)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        folder.open()
        if not (_WEB / "leaflet").is_dir():
            _log.warning("web/leaflet is missing: the map page will not work; install crackmap-server from its wheel")
        try:
            with writer:
                yield
        finally:
            engines.dispose()

    app = FastAPI(
        title="crackmap",
        version=__version__,
        description="The inspection log: reports in, crack positions, pictures and maps out. "
        "Chart coordinates are metres in the surface's own frame.",
        lifespan=lifespan,
        docs_url=None,  # these pages load scripts from other hosts
        redoc_url=None,
    )
    app.state.settings, app.state.engines, app.state.writer, app.state.evidence = settings, engines, writer, folder
    problems.add_handlers(app)
    for routes in (reports, evidence, inspections, frames, detections, surfaces, health):
        app.include_router(routes.router)
    _add_page(app)
    return app


def _add_page(app: FastAPI) -> None:
    @app.middleware("http")
    async def add_headers(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
        response = await call_next(request)
        for name, value in _HEADERS.items():
            response.headers.setdefault(name, value)
        return response

    @app.get("/", include_in_schema=False)
    def get_page() -> FileResponse:
        page = _WEB / "index.html"
        if not page.exists():
            raise NotFound("the map page is not part of this installation")
        return FileResponse(page, headers={"Cache-Control": "no-cache"})

    app.mount("/static", StaticFiles(directory=_WEB, check_dir=False), name="static")
