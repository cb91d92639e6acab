"""Is the server well?"""

from fastapi import APIRouter
from sqlalchemy import text

from crackmap import __version__
from crackmap_server.resources import Health
from crackmap_server.routes.dependencies import Reading

router = APIRouter(tags=["health"])


@router.get("/healthz", summary="Is the server well?")
def get_health(connection: Reading) -> Health:
    """Answers when the database does."""
    connection.execute(text("SELECT 1"))
    return Health(status="ok", version=__version__, database=connection.dialect.name)
