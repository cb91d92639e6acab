"""Errors as answers: application/problem+json (RFC 9457). A 500 never echoes what the exception says."""

import http
import logging
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.encoders import jsonable_encoder
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnection
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from crackmap_server.errors import RETRY_AFTER_S, STATUS, Busy, DatabaseFailed, NotSignedIn, ServerError

_log = logging.getLogger(__name__)
MOST_ERRORS: Final = 20
"""Of one request that are told: an answer must not be many times as long as what was sent."""


class ProblemResponse(JSONResponse):
    """What went wrong."""

    media_type = "application/problem+json"


def add_handlers(app: FastAPI) -> None:
    """Every error leaves the app as a problem."""
    app.add_exception_handler(ServerError, _refused)
    app.add_exception_handler(RequestValidationError, _not_valid)
    app.add_exception_handler(HTTPException, _of_http)
    app.add_exception_handler(DBAPIError, _database)
    app.add_exception_handler(NoConnection, _too_many_readers)
    app.add_exception_handler(ClientDisconnect, _client_left)
    app.add_exception_handler(Exception, _unforeseen)


def problem(status: int, detail: str, headers: dict[str, str] | None = None, **more: Any) -> ProblemResponse:
    """An answer with that status."""
    content = {"type": "about:blank", "title": http.HTTPStatus(status).phrase, "status": status, "detail": detail}
    return ProblemResponse(content | more, status, headers=headers)


def refusal(error: ServerError) -> ProblemResponse:
    """The answer that says so."""
    wait_s = RETRY_AFTER_S.get(type(error))
    headers = {} if wait_s is None else {"Retry-After": str(wait_s)}
    if isinstance(error, NotSignedIn):
        headers["WWW-Authenticate"] = 'Bearer realm="crackmap"'
    return problem(STATUS[type(error)], str(error), headers or None)


def _refused(_request: Request, error: Exception) -> ProblemResponse:
    assert isinstance(error, ServerError)
    return refusal(error)


def _not_valid(_request: Request, error: Exception) -> ProblemResponse:
    assert isinstance(error, RequestValidationError)
    errors = [{"where": list(item["loc"]), "message": item["msg"]} for item in error.errors()[:MOST_ERRORS]]
    first = errors[0]
    place = ".".join(map(str, first["where"]))
    return problem(422, f"{place}: {first['message']}", errors=jsonable_encoder(errors))


def _of_http(_request: Request, error: Exception) -> ProblemResponse:
    assert isinstance(error, HTTPException)
    return problem(error.status_code, str(error.detail), dict(error.headers or {}))


def of_database(request: Request, error: Exception) -> ProblemResponse:
    """For what the guard asks before a route is reached."""
    return _too_many_readers(request, error) if isinstance(error, NoConnection) else _database(request, error)


def _database(request: Request, error: Exception) -> ProblemResponse:
    _log.error("database error", extra={"error": str(getattr(error, "orig", error))})
    return _refused(request, DatabaseFailed("the server's database failed; try again later"))


def _too_many_readers(request: Request, _error: Exception) -> ProblemResponse:
    """All connections to the database are taken by answers that are still being read."""
    _log.warning("no connection is free")
    return _refused(request, Busy("too many answers are being read at the moment; ask again later"))


def _client_left(_request: Request, _error: Exception) -> ProblemResponse:
    _log.info("client left")
    return problem(400, "the body ended too early")


def _unforeseen(_request: Request, _error: Exception) -> ProblemResponse:
    return problem(500, "the server made a mistake; its log says more")
