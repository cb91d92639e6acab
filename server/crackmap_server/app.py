"""The app: routes, the writer's life, the map page. `create_app(settings)` opens nothing before it is entered."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from crackmap import __version__
from crackmap_server import problems
from crackmap_server.bodies import Bodies
from crackmap_server.body_budget import BodyBudget
from crackmap_server.compression import Compressed
from crackmap_server.engines import create_engines
from crackmap_server.errors import Busy, CrossSite, DatabaseFailed, NotAllowed, NotSignedIn, TooLarge, TooSlow
from crackmap_server.evidence import evidence_folder
from crackmap_server.metrics import Metrics
from crackmap_server.openapi import describe
from crackmap_server.page import add_page, warn_without_leaflet
from crackmap_server.people.guard import Guard
from crackmap_server.registry.files import model_folder
from crackmap_server.request_log import RequestLog
from crackmap_server.routes import (
    audit,
    close_outs,
    descriptions,
    detections,
    elements,
    evidence,
    findings,
    frames,
    health,
    inspections,
    keys,
    label_studio,
    log,
    masks,
    models,
    ogc,
    reports,
    rescores,
    reviews,
    sessions,
    surfaces,
    training_sets,
    users,
)
from crackmap_server.routes.dependencies import problems as problems_of
from crackmap_server.settings import Settings
from crackmap_server.validators import Validators
from crackmap_server.writer import Writer

ANYWHERE = (NotSignedIn, CrossSite, NotAllowed, TooLarge, TooSlow, Busy, DatabaseFailed)
"""What the layers around the routes may answer instead of them."""


def create_app(settings: Settings) -> FastAPI:
    """The app on a database that `upgrade.prepared` has brought to this version."""
    engines = create_engines(settings.database_url, settings.busy_timeout_s)
    folder, model_files = evidence_folder(settings), model_folder(settings)
    writer = Writer(engines.writer, settings.queue_requests, settings.group_requests)
    metrics = Metrics(engines, writer, settings.folders)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        folder.open()
        model_files.open()
        warn_without_leaflet()
        try:
            with writer:
                yield
        finally:
            engines.dispose()

    app = FastAPI(
        title="crackmap",
        version=__version__,
        description="The inspection log: reports in, crack positions, pictures and maps out. "
        "Chart coordinates are metres in the surface's own frame. Answers to GET that are not streamed carry an ETag; "
        "with If-None-Match the answer is 304 when nothing has changed. Lists go on with `next` as `cursor`.",
        lifespan=lifespan,
        docs_url=None,  # these pages load scripts from other hosts
        redoc_url=None,
    )
    app.state.settings, app.state.engines, app.state.writer, app.state.evidence = settings, engines, writer, folder
    app.state.metrics, app.state.models = metrics, model_files
    problems.add_handlers(app)
    for routes in (
        *(reports, evidence, inspections, frames, detections, surfaces, ogc),
        *(elements, descriptions, masks, findings, reviews, training_sets, label_studio),
        *(models, rescores, close_outs),
        *(sessions, users, keys, audit, log, health),
    ):
        app.include_router(routes.router, responses=problems_of(*ANYWHERE))
    budget = BodyBudget(settings.bodies_bytes, metrics.count_refused_body)
    metrics.watch_bodies(lambda: budget.taken_bytes)
    app.add_middleware(Bodies, settings=settings, budget=budget)
    app.add_middleware(Validators)
    app.add_middleware(Compressed)
    app.add_middleware(Guard, engines=engines, writer=writer, names=settings.names)
    add_page(app)
    if settings.trusted_proxies:
        app.add_middleware(ProxyHeadersMiddleware, trusted_hosts=list(settings.trusted_proxies))
    app.add_middleware(RequestLog, observed=metrics.observe)
    describe(app)
    return app
