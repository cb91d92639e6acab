"""How the server is: for whatever watches over it."""

import shutil

from fastapi import APIRouter
from fastapi.responses import Response
from sqlalchemy import text

from crackmap import __version__
from crackmap_server.errors import Busy
from crackmap_server.metrics import MEDIA_TYPE
from crackmap_server.resources import Health
from crackmap_server.routes.dependencies import MetricsOf, Reading, SettingsOf, WriterOf, problems

router = APIRouter(tags=["health"])
_MB = 10**6


@router.get("/healthz", summary="Is the server well?")
def get_health(connection: Reading) -> Health:
    """Answers when the database does. Without an answer the server should be started again."""
    connection.execute(text("SELECT 1"))
    return Health(status="ok", version=__version__, database=connection.dialect.name)


@router.get("/readyz", responses=problems(Busy), summary="Can it take reports?")
def get_readiness(connection: Reading, writer: WriterOf, settings: SettingsOf) -> Health:
    """Answers 503 while the writer has too much to do or the server stops, or the disk is nearly full.

    Nothing is lost then: robots keep what was not acknowledged.
    """
    if not writer.takes_more:
        raise Busy("the writer takes no more at the moment")
    for folder in settings.folders.values():
        free_mb = shutil.disk_usage(folder).free // _MB
        if free_mb < settings.least_free_mb:
            raise Busy(
                f"{free_mb} MB are free where the log or its pictures lie; at least {settings.least_free_mb} should be"
            )
    return get_health(connection)


@router.get(
    "/metrics",
    response_class=Response,
    responses={200: {"description": "Text for Prometheus", "content": {MEDIA_TYPE: {"schema": {"type": "string"}}}}},
    summary="Figures for Prometheus",
)
def get_metrics(metrics: MetricsOf) -> Response:
    """Requests by route and status, reports by answer, the writer's queue, free disk, size of the log."""
    return Response(metrics.text(), media_type=MEDIA_TYPE)
