"""A server that knows a user of each role and two robots, and clients that speak for them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Connection

from crackmap_server.app import create_app
from crackmap_server.people import register
from crackmap_server.people.credentials import hashed_password
from crackmap_server.people.direct import written
from crackmap_server.people.roles import Role
from crackmap_server.settings import Settings
from crackmap_server.upgrade import prepared

from ..fresh_logs import lay

PASSWORD = "correct horse battery"


@dataclass
class Staff:
    """The running app and everybody's key."""

    client: TestClient
    settings: Settings
    keys: dict[str, str]
    """By role; `other` is a second robot's."""

    def as_(self, who: str) -> dict[str, str]:
        """Headers of a request by that role."""
        return {"Authorization": f"Bearer {self.keys[who]}"}

    def ask(self, who: str | None, method: str, path: str, **more: Any) -> Any:
        """A request by that role; None: by nobody known."""
        headers = ({} if who is None else self.as_(who)) | more.pop("headers", {})
        return self.client.request(method, path, headers=headers, **more)

    def deliver(self, who: str, batch: Any) -> Any:
        return self.ask(who, "POST", "/v1/reports", content=batch.model_dump_json())

    def sign_in(self, name: str = "admin", password: str = PASSWORD, **more: Any) -> Any:
        return self.client.post("/v1/session", json={"name": name, "password": password}, **more)

    def log(self) -> list[Any]:
        """The audit log since the fixture began."""
        lines = self.ask("admin", "GET", "/v1/audit", params={"limit": 1000}).json()["items"]
        return [line for line in lines if line["method"] != "COMMAND"]


@cache
def password_hash() -> str:
    return hashed_password(PASSWORD)


def _people(connection: Connection) -> tuple[dict[str, str], str]:
    now_utc = datetime.now(UTC)
    keys = {}
    for role in (Role.WORKER, Role.VIEWER, Role.INSPECTOR, Role.ADMIN):
        user_id = register.add_user(connection, role, role, password_hash(), now_utc)
        keys[str(role)] = register.add_key(connection, now_utc, user_id=user_id).key
    for name, robot in (("robot", "crawler"), ("other", "drone")):
        robot_id = register.robot_named(connection, robot, now_utc)
        keys[name] = register.add_key(connection, now_utc, robot_id=robot_id).key
    return keys, "everybody"


@pytest.fixture
def staff(settings: Settings) -> Iterator[Staff]:
    """Users by the names of their roles, robots `crawler` and `drone`; all have keys, users a password too."""
    lay(settings)
    keys = written(settings, "tests", _people)
    with prepared(settings), TestClient(create_app(settings), base_url="http://localhost") as client:
        yield Staff(client, settings, keys)
