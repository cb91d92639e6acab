"""Roles, and who a request comes from."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from uuid import UUID


class Role(StrEnum):
    """What somebody may do: a robot delivers, a worker scores again, a viewer reads, an inspector also judges, an admin
    also manages.
    """

    ROBOT = "robot"
    WORKER = "worker"
    VIEWER = "viewer"
    INSPECTOR = "inspector"
    ADMIN = "admin"


Roles = frozenset[Role]

# What the table of routes is written with.
ADMINS: Final[Roles] = frozenset({Role.ADMIN})
INSPECTORS: Final[Roles] = ADMINS | {Role.INSPECTOR}
READERS: Final[Roles] = INSPECTORS | {Role.VIEWER}
DELIVERERS: Final[Roles] = ADMINS | {Role.ROBOT}
WORKERS: Final[Roles] = ADMINS | {Role.WORKER}
EVERYONE_KNOWN: Final[Roles] = READERS | DELIVERERS | WORKERS


@dataclass(frozen=True)
class Who:
    """A robot, a user, or whoever is at a server without keys."""

    name: str
    role: Role
    robot_id: UUID | None = None
    user_id: UUID | None = None
    key_id: UUID | None = None
    """The key that the request came with; None with a session."""

    def __str__(self) -> str:
        return f"{'robot' if self.robot_id else 'user'} {self.name}"

    def named(self, given: str) -> str:
        """For the record: the name that somebody is known by; before anybody is, the one that they give."""
        return given if self is ANYBODY else self.name


ANYBODY: Final = Who("anybody", Role.ADMIN)
"""Before the first key or user exists: programs and pages of this machine, which may do everything."""
