"""Signing in and out with a browser, and who one is."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import UUID

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import FileResponse
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Connection

from crackmap_server.engines import Engines
from crackmap_server.errors import BadRequest, Busy, DiskFull, NotAllowed, NotSignedIn, TooManyTries
from crackmap_server.page import WEB
from crackmap_server.people.credentials import (
    LONGEST_PASSWORD,
    SHORTEST_PASSWORD,
    csrf_token,
    hashed_password,
    is_password,
)
from crackmap_server.people.guard import address_of
from crackmap_server.people.names import Name
from crackmap_server.people.recognition import cookie_name, session_token
from crackmap_server.people.register import change_user
from crackmap_server.people.resources import Session
from crackmap_server.people.roles import ANYBODY, Role
from crackmap_server.people.sessions import begin_session, end_session, note_try, user_to_sign_in
from crackmap_server.routes.dependencies import EnginesOf, NotesOf, SettingsOf, WhoOf, WriterOf, problems

router = APIRouter(tags=["session"])
_NOT_KEPT = {"Cache-Control": "no-store"}


class SignIn(BaseModel):
    """Who wants in."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"name": "anna", "password": "correct horse battery"}]}
    )

    name: Name
    password: str = Field(max_length=LONGEST_PASSWORD)


class NewPassword(BaseModel):
    """What somebody wants to sign in with from now on."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"old": "correct horse battery", "new": "another horse battery"}]},
    )

    old: str = Field(max_length=LONGEST_PASSWORD)
    new: str = Field(min_length=SHORTEST_PASSWORD, max_length=LONGEST_PASSWORD)


@router.get("/login", include_in_schema=False)
def get_login() -> FileResponse:
    return FileResponse(WEB / "login.html", headers={"Cache-Control": "no-cache"})


@router.post(
    "/v1/session",
    status_code=201,
    responses=problems(BadRequest, TooManyTries, Busy, DiskFull),
    summary="Sign in with a browser",
)
async def post_session(
    *,
    sign_in: SignIn,
    request: Request,
    response: Response,
    settings: SettingsOf,
    engines: EnginesOf,
    writer: WriterOf,
    notes: NotesOf,
) -> Session:
    """Sets a cookie that only this server gets back and no script can read. The session is always a new one.

    Five wrong passwords for one name, or thirty from one address, are refused for a quarter of an hour (429).
    """
    now_utc, address = datetime.now(UTC), address_of(request.scope)
    await asyncio.wrap_future(writer.submit(lambda connection: note_try(connection, sign_in.name, address, now_utc)))
    notes.who = f"user {sign_in.name}"
    user = await run_in_threadpool(_user, engines, sign_in.name, sign_in.password)
    if user is None:
        notes.outcome = "not the right name and password"
        raise NotSignedIn("name and password do not belong together")
    user_id, name, role = user
    old_token = session_token(request.headers, request.scope["scheme"])
    lasts = timedelta(hours=settings.session_hours)
    token = await asyncio.wrap_future(
        writer.submit(
            lambda connection: begin_session(
                connection, user_id, name, old_token=old_token, now_utc=now_utc, lasts=lasts
            )
        )
    )
    _set_cookie(request, response, token, round(lasts.total_seconds()))
    response.headers.update(_NOT_KEPT)
    notes.outcome = "signed in"
    return Session(name=name, role=Role(role), csrf_token=csrf_token(token))


@router.get("/v1/session", summary="Who am I?")
def get_session(request: Request, response: Response, who: WhoOf) -> Session:
    """With the CSRF token that a page must send along, as X-CSRF-Token, with everything that is not GET or HEAD."""
    token = session_token(request.headers, request.scope["scheme"]) if who.key_id is None else None
    response.headers.update(_NOT_KEPT)
    return Session(
        name=None if who is ANYBODY else who.name,
        role=who.role,
        csrf_token=None if token is None else csrf_token(token),
    )


@router.delete("/v1/session", status_code=204, responses=problems(Busy, DiskFull), summary="Sign out")
async def delete_session(request: Request, response: Response, writer: WriterOf, notes: NotesOf) -> None:
    """The cookie is good for nothing any more, also where it was copied."""
    token = session_token(request.headers, request.scope["scheme"])
    if token is not None:
        await asyncio.wrap_future(writer.submit(lambda connection: end_session(connection, token)))
    _set_cookie(request, response, "", 0)
    notes.outcome = "signed out"


@router.post(
    "/v1/session/password",
    responses=problems(BadRequest, TooManyTries, Busy, DiskFull),
    summary="Choose another password",
)
async def post_password(
    *,
    passwords: NewPassword,
    request: Request,
    response: Response,
    settings: SettingsOf,
    engines: EnginesOf,
    writer: WriterOf,
    who: WhoOf,
    notes: NotesOf,
) -> Session:
    """One's own, in a session. All of one's sessions end, and this browser gets a new one.

    Wrong old passwords are counted like those of signing in.
    """
    if who.user_id is None or who.key_id is not None:
        raise NotAllowed("a password is changed by whoever is signed in with it; a key changes none")
    user_id, name, now_utc, address = who.user_id, who.name, datetime.now(UTC), address_of(request.scope)
    await asyncio.wrap_future(writer.submit(lambda connection: note_try(connection, name, address, now_utc)))
    if await run_in_threadpool(_user, engines, name, passwords.old) is None:
        notes.outcome = "not the old password"
        raise BadRequest("the old password is another one")
    hashed = await run_in_threadpool(hashed_password, passwords.new)
    lasts = timedelta(hours=settings.session_hours)

    def change(connection: Connection) -> str:
        change_user(connection, user_id, now_utc, password_hash=hashed)
        return begin_session(connection, user_id, name, old_token=None, now_utc=now_utc, lasts=lasts)

    token = await asyncio.wrap_future(writer.submit(change))
    _set_cookie(request, response, token, round(lasts.total_seconds()))
    response.headers.update(_NOT_KEPT)
    notes.outcome = "another password"
    return Session(name=name, role=who.role, csrf_token=csrf_token(token))


def _user(engines: Engines, name: str, password: str) -> tuple[UUID, str, str] | None:
    with engines.reader.connect() as connection:
        row = user_to_sign_in(connection, name)
    right = is_password(password, None if row is None else row.password)
    return (row.user_id, row.name, row.role) if row is not None and right else None


def _set_cookie(request: Request, response: Response, token: str, max_age_s: int) -> None:
    scheme = request.scope["scheme"]
    response.set_cookie(
        cookie_name(scheme), token, max_age_s, path="/", secure=scheme == "https", httponly=True, samesite="lax"
    )
