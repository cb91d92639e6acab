"""Which log this is."""

from fastapi import APIRouter, Response
from sqlalchemy import select

from crackmap.messages import LOG_HEADER
from crackmap_server import tables
from crackmap_server.resources import LogItem
from crackmap_server.routes.dependencies import Reading

router = APIRouter(tags=["log"])


@router.get("/v1/log", summary="Which log this is")
def get_log(connection: Reading, response: Response) -> LogItem:
    """Its id, also in the header `Crackmap-Log`. When it is another one than before, the log was restored or made anew.

    Robots then offer again what was acknowledged: the log may have lost it.
    """
    log = LogItem(**connection.execute(select(tables.logs)).mappings().one())
    response.headers[LOG_HEADER] = str(log.log_id)
    return log
