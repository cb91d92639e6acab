"""A log of any size: what a server took of some photographs, copied up the walls with all that belongs to them.

A copy is what the server would have stored of the photographs that follow: taken later, higher up, with the scores of
the first ones. Its rows are made of the stored ones inside the database, in the same tables with all their indexes.
`tests/end_to_end/test_large_log.py` holds copies against deliveries. Only ids and hashes are made up.
"""

import http.client
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass

import numpy as np
from sqlalchemy import Engine, create_engine, func, select, text

from crackmap_server import tables
from crackmap_server.chart import CELL_M, cells
from crackmap_server.settings import Settings
from served.robots import PERIOD_S, ROW_M, Robot, delivered
from served.servers import serving

PER_FRAME = (tables.frames, tables.score_maps, tables.placements, tables.reports, tables.detections)


@dataclass(frozen=True)
class Walls:
    """How many photographs there are of each wall, in rows of so many: `frames` delivered, and that `copies` times."""

    frames: int = 800
    copies: int = 1
    across: int = 100

    def __post_init__(self) -> None:
        assert self.frames % self.across == self.high_m % CELL_M == 0, "copies begin with a row, and with a cell"

    @property
    def high_m(self) -> float:
        """What is delivered of a wall."""
        return self.frames / self.across * ROW_M


def deliver(settings: Settings, robots: Sequence[Robot], frames: int) -> None:
    """The first photographs of each robot, over HTTP."""
    with serving(settings) as (_, port), closing(http.client.HTTPConnection("127.0.0.1", port)) as connection:
        for robot in robots:
            for start in range(0, frames, 200):
                reports = [robot.report(number) for number in range(start, min(start + 200, frames))]
                assert set(delivered(connection, robot.body(reports))) == {"stored"}


def copy_up(settings: Settings, walls: Walls) -> None:
    """All that was delivered once more for each further copy."""
    engine = create_engine(settings.database_url)
    try:
        with engine.connect() as connection:
            if engine.name == "sqlite":  # a log that is half made is thrown away
                connection.exec_driver_sql("PRAGMA synchronous = OFF")
                connection.exec_driver_sql("PRAGMA cache_size = -500000")
                connection.rollback()
            last = connection.execute(select(func.max(tables.frames.c.seq))).scalar_one()
            for copy in range(1, walls.copies):
                for statement in _statements(engine, last, copy, walls):
                    connection.exec_driver_sql(statement)
                connection.commit()
        if engine.name == "postgresql":
            _settle(engine)
    finally:
        engine.dispose()


def _statements(engine: Engine, last: int, copy: int, walls: Walls) -> list[str]:
    """That put all frames up to `last` once more on the walls."""
    up_m, further, later_s = copy * walls.high_m, copy * last, copy * walls.frames * PERIOD_S
    cell_step = copy * int(np.subtract(*cells(np.array([[0.0, walls.high_m], [0.0, 0.0]]))))
    words = _sqlite(up_m, later_s) if engine.name == "sqlite" else _postgresql(up_m, later_s)
    changes = {
        "seq": f"seq + {further}",
        "frame_seq": f"frame_seq + {further}",
        "low_v_m": f"low_v_m + {up_m}",
        "high_v_m": f"high_v_m + {up_m}",
        "origin_v_m": f"origin_v_m + {up_m}",
        "v_m": f"v_m + {up_m}",
        "cell": f"cell + {cell_step}",
    } | words
    statements = []
    for table in PER_FRAME:
        columns, keys = table.c.keys(), table.primary_key.columns.keys()
        names = [f'"{name}"' for name in columns]
        values = [changes.get(name, f'"{name}"') for name in columns]
        which = "seq" if table is tables.frames else "frame_seq"
        statements.append(
            f"INSERT INTO {table.name} ({', '.join(names)}) SELECT {', '.join(values)} FROM {table.name} "
            f"WHERE {which} <= {last} ORDER BY {', '.join(keys)}"
        )
    return statements


def _sqlite(up_m: float, later_s: float) -> dict[str, str]:
    corners = (f"json_array(footprint_m ->> '$[{n}][0]', (footprint_m ->> '$[{n}][1]') + {up_m})" for n in range(4))
    a_hash = "lower(hex(randomblob(32)))"
    return {
        "frame_id": "lower(hex(randomblob(16)))",
        "source_key": a_hash,
        "image_sha256": a_hash,
        "captured_utc": f"strftime('%Y-%m-%d %H:%M:%f000', captured_utc, '+{later_s} seconds')",
        "footprint_m": f"json_array({', '.join(corners)})",
        "pose": f"json_set(pose, '$.position_m[1]', (pose ->> '$.position_m[1]') + {up_m})",
    }


def _postgresql(up_m: float, later_s: float) -> dict[str, str]:
    corners = (
        f"json_build_array((footprint_m #>> '{{{n},0}}')::float8, (footprint_m #>> '{{{n},1}}')::float8 + {up_m})"
        for n in range(4)
    )
    a_hash = "md5(random()::text) || md5(random()::text)"
    height = f"to_jsonb((pose #>> '{{position_m,1}}')::float8 + {up_m})"
    return {
        "frame_id": "gen_random_uuid()",
        "source_key": a_hash,
        "image_sha256": a_hash,
        "captured_utc": f"captured_utc + interval '{later_s} seconds'",
        "footprint_m": f"json_build_array({', '.join(corners)})",
        "pose": f"jsonb_set(pose::jsonb, '{{position_m,1}}', {height})::json",
    }


def _settle(engine: Engine) -> None:
    """What a PostgreSQL server does by itself in time."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for table in PER_FRAME:
            if table.autoincrement_column is not None and "seq" in table.c:
                connection.execute(
                    text(f"SELECT setval(pg_get_serial_sequence('{table.name}', 'seq'), max(seq)) FROM {table.name}")
                )
        connection.execute(text("VACUUM ANALYZE"))
