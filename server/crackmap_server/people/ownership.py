"""Whose a scan is: it belongs to the robot that delivered it first, and no other robot may add to it.

A scan that was delivered before there were keys belongs to nobody, and the first robot that goes on with it gets it.
"""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import Connection, delete, exists, insert, select

from crackmap_server import tables
from crackmap_server.errors import NotAllowed, NotFound
from crackmap_server.people.roles import Who


def check_scans(connection: Connection, scan_ids: Collection[UUID], who: Who) -> None:
    """Raises NotAllowed where one of the scans is another's; users may add to any."""
    if who.robot_id is None:
        return
    owners = tables.scan_owners.c
    others = connection.execute(
        select(owners.scan_id)
        .where(owners.scan_id.in_(scan_ids), owners.robot_id.is_distinct_from(who.robot_id))
        .order_by(owners.scan_id)
        .limit(1)
    ).scalar_one_or_none()
    if others is not None:
        raise NotAllowed(
            f"scan {others} was first delivered by another robot, not by {who.name!r}; nothing of this was stored"
        )


def own_scans(connection: Connection, scan_ids: Collection[UUID], who: Who) -> None:
    """What is stored of these scans and has no owner belongs to `who` from now on."""
    if who.robot_id is None and who.user_id is None:
        return  # without keys there are no owners
    scans, owners = tables.scans.c, tables.scan_owners
    without = connection.execute(
        select(scans.scan_id).where(
            scans.scan_id.in_(scan_ids), ~exists().where(owners.c.scan_id == scans.scan_id).correlate(tables.scans)
        )
    ).scalars()
    rows = [{"scan_id": scan_id, "robot_id": who.robot_id} for scan_id in without]
    if rows:
        connection.execute(insert(owners), rows)


def give_scan(connection: Connection, scan_id: UUID, robot: str) -> None:
    """To the robot of that name, whosever it was. Raises NotFound."""
    scans, robots, owners = tables.scans.c, tables.robots.c, tables.scan_owners
    robot_id = connection.execute(select(robots.robot_id).where(robots.name == robot)).scalar_one_or_none()
    if robot_id is None:
        raise NotFound(f"there is no robot {robot!r}")
    if connection.execute(select(scans.scan_id).where(scans.scan_id == scan_id)).first() is None:
        raise NotFound(f"scan {scan_id} is not stored")
    connection.execute(delete(owners).where(owners.c.scan_id == scan_id))
    connection.execute(insert(owners), {"scan_id": scan_id, "robot_id": robot_id})


def check_picture(connection: Connection, sha256: str, who: Who) -> None:
    """A robot may only send, or ask for, a picture that a report of its own scans names. Raises NotAllowed."""
    if who.robot_id is None:
        return
    frames, crops, owners = tables.frames, tables.crops, tables.scan_owners
    own = (
        select(frames.c.seq).join(owners, owners.c.scan_id == frames.c.scan_id).where(owners.c.robot_id == who.robot_id)
    )
    of_frame = own.where(frames.c.image_sha256 == sha256)
    of_crop = own.join(crops, crops.c.frame_seq == frames.c.seq).where(crops.c.sha256 == sha256)
    if all(connection.execute(statement.limit(1)).first() is None for statement in (of_frame, of_crop)):
        raise NotAllowed(f"no stored report of {who.name!r} names picture {sha256}; deliver the report first")
