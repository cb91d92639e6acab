"""Stands before every route: is the server called by its own name, who asks, may they, and what did they write?

It stands outside of the routes, so that a body is not read before its sender is known, and files, unknown paths and
other methods are covered like everything else.
"""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from fastapi.concurrency import run_in_threadpool
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnection
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from crackmap_server import problems
from crackmap_server.engines import Engines
from crackmap_server.errors import Busy, CrossSite, NotAllowed, NotFound, NotSignedIn, ServerError, WrongMethod
from crackmap_server.loopback import foreign
from crackmap_server.people import audit
from crackmap_server.people.credentials import csrf_token, same
from crackmap_server.people.recognition import Recognised, note_use, recognise
from crackmap_server.people.register import anybody_known
from crackmap_server.people.roles import ANYBODY, Who
from crackmap_server.people.route_roles import PUBLIC, Entry, entry
from crackmap_server.request_log import request_id
from crackmap_server.writer import Writer

CSRF_HEADER: Final = "X-CSRF-Token"
_READING: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_log = logging.getLogger(__name__)


@dataclass
class Notes:
    """What the audit log will say of a request. Without `who` it says nothing."""

    request_id: str
    address: str
    method: str
    resource: str
    who: Who | str | None = None
    outcome: str = ""
    written: bool = False
    """Whether the line is on the disk: a route may `write` it with what it does, and say so after the commit."""

    def write(self, connection: Connection, status: int, outcome: str) -> None:
        """The request's line into the log. Runs inside a writer's transaction."""
        if self.who is None:
            return
        line = audit.Line(
            at_utc=datetime.now(UTC),
            request_id=self.request_id,
            who=str(self.who),
            key_id=self.who.key_id if isinstance(self.who, Who) else None,
            address=self.address,
            method=self.method,
            resource=self.resource,
            status=status,
            outcome=outcome,
        )
        audit.write(connection, line)


@dataclass(frozen=True)
class _Admitted:
    who: Who | None
    """None: nobody known, on a public route."""


class Guard:
    """Middleware. Sets `request.state.who` and `request.state.notes`."""

    def __init__(self, app: ASGIApp, engines: Engines, writer: Writer, names: Sequence[str]) -> None:
        self._app = app
        self._engines = engines
        self._writer = writer
        self._names = frozenset(name.lower() for name in names)
        self._known = False  # once there is a key or a user, for good: none is ever deleted

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            raise NotImplementedError("the server has no other routes than those of HTTP")
        notes = Notes(request_id(), address_of(scope), scope["method"], scope["path"])
        scope.setdefault("state", {}).update(notes=notes, who=None)
        writes = scope["method"] not in _READING
        try:
            admitted = await self._admitted(scope, notes)
            scope["state"]["who"] = admitted.who
            if not writes or not self._known:
                await self._app(scope, receive, send)
                return
            await self._audited(scope, receive, send, notes)
        except ServerError as error:
            answer = _answer(scope, error)
            if writes and notes.who is not None:
                answer = await self._written(notes, answer.status_code, str(error)) or answer
            await answer(scope, receive, send)
        except (DBAPIError, NoConnection) as error:
            await problems.of_database(Request(scope), error)(scope, receive, send)

    async def _admitted(self, scope: Scope, notes: Notes) -> _Admitted:
        """Raises CrossSite, NotSignedIn, NotAllowed, NotFound."""
        headers = Headers(scope=scope)
        if not self._known:
            self._known = await run_in_threadpool(self._anybody_known)
        message = foreign(headers, self._names if self._known else None)
        if message is not None:
            raise CrossSite(message)
        if not self._known:
            return _Admitted(ANYBODY)
        method, wanted = scope["method"], entry(scope["method"], scope["path"])
        if wanted is not None and method in wanted.methods and wanted.roles is PUBLIC:
            return _Admitted(None)
        recognised = await run_in_threadpool(self._recognise, headers, scope["scheme"])
        if recognised is None:
            raise NotSignedIn("this server asks for a key (`Authorization: Bearer KEY`) or a session; sign in at login")
        notes.who = recognised.who
        if recognised.used_long_ago:
            self._note_use(recognised.who)
        if recognised.session is not None and method not in _READING:
            sent = headers.get(CSRF_HEADER, "")
            if not same(sent, csrf_token(recognised.session)):
                raise CrossSite(f"a write of a browser's session needs {CSRF_HEADER}, which GET /v1/session tells")
        _check(wanted, method, recognised)
        return _Admitted(recognised.who)

    def _anybody_known(self) -> bool:
        with self._engines.reader.connect() as connection:
            return anybody_known(connection)

    def _recognise(self, headers: Headers, scheme: str) -> Recognised | None:
        with self._engines.reader.connect() as connection:
            return recognise(connection, headers, scheme)

    def _note_use(self, who: Who) -> None:
        try:
            self._writer.submit(lambda connection: note_use(connection, who))
        except Busy:
            _log.debug("the use of key %s is written down another time", who.key_id)

    async def _audited(self, scope: Scope, receive: Receive, send: Send, notes: Notes) -> None:
        """A write is answered only after its line is in the log; where that fails, it is to be sent again."""
        begun = replaced = False

        async def after_its_line(message: Message) -> None:
            nonlocal begun, replaced
            if message["type"] == "http.response.start":
                begun = True
                refusal = None if notes.written else await self._written(notes, message["status"], notes.outcome)
                if refusal is not None:
                    replaced = True
                    await refusal(scope, receive, send)
            if not replaced:
                await send(message)

        try:
            await self._app(scope, receive, after_its_line)
        except Exception:
            if not begun:
                await self._written(notes, 500, "the server made a mistake")
            raise

    async def _written(self, notes: Notes, status: int, outcome: str) -> Response | None:
        """Write the request's line and wait until it is on the disk. What to answer where that failed."""
        if notes.who is None:
            return None
        try:
            await asyncio.wrap_future(self._writer.submit(lambda connection: notes.write(connection, status, outcome)))
        except ServerError as error:
            return problems.refusal(error)
        return None


def _check(wanted: Entry | None, method: str, recognised: Recognised) -> None:
    if wanted is None:
        raise NotFound("there is nothing at this address")  # also a route that was forgotten in the table
    if method not in wanted.methods:
        raise WrongMethod(f"this address takes {', '.join(sorted(wanted.methods))}")
    assert wanted.roles is not PUBLIC, "was let through before"
    if recognised.who.role not in wanted.roles:
        may = ", ".join(sorted(wanted.roles))
        raise NotAllowed(f"{recognised.who} has the role {recognised.who.role}; this is for {may}")


def _answer(scope: Scope, error: ServerError) -> Response:
    if isinstance(error, NotSignedIn) and scope["method"] == "GET" and scope["path"] == "/":
        query = scope["query_string"].decode("latin-1")
        return RedirectResponse(f"login?{query}" if query else "login", 303, headers={"Cache-Control": "no-store"})
    return problems.refusal(error)


def address_of(scope: Scope) -> str:
    """Where the request comes from; behind a trusted proxy, what that one says."""
    client = scope.get("client")
    return str(client[0]) if client else ""
