"""The tables, the same on SQLite and PostgreSQL.

What a report says is stored once and never changed; a second delivery of it changes nothing. Frames have a small
`seq` beside their id, so that rows which are many stay short.

    structures ─ surfaces ─┐
        └─ inspections ────┴─ scans ─ frames ─ score_maps (frame, analysis)
                                │        ├──── placements (frame, pose solution)
                    analyses ───┤        ├──── crops
              pose_solutions ───┤        │
                                └─ pairs ┴──── reports, detections (frame, pair)

A pair is one analysis with one pose solution (or none, for photographs with a scale only). One pair of each scan is
current: it is what lists, the map and coverage show.

    models ─ model_pins ─ inspections
        └─── rescores ─── rescore_scans ─ pairs
                 └─────── rescore_jobs (frame, pair)

What people add (`revisions`: elements, descriptions, masks, findings) is kept beside that, version by version, and so
is what they say of single tiles (`reviews`).

    inspections ─ close_outs ─ close_out_frames (pair, frame, placement)

Beside these stand people: robots and users with their keys, sessions, sign_ins, the audit log, and scan_owners, which
says who delivered a scan first.
"""

from crackmap_server.tables.close_outs import close_out_frames, close_outs
from crackmap_server.tables.log import (
    analyses,
    crops,
    decisions,
    detections,
    evidence,
    frames,
    inspections,
    logs,
    pairs,
    placements,
    pose_solutions,
    quarantine,
    reports,
    scans,
    score_maps,
    structures,
    surfaces,
)
from crackmap_server.tables.metadata import metadata
from crackmap_server.tables.people import audit, keys, robots, scan_owners, sessions, sign_ins, users
from crackmap_server.tables.registry import model_pins, models, rescore_jobs, rescore_scans, rescores
from crackmap_server.tables.retention import removed_evidence
from crackmap_server.tables.reviews import reviews
from crackmap_server.tables.revisions import revisions

__all__ = [
    "analyses",
    "audit",
    "close_out_frames",
    "close_outs",
    "crops",
    "decisions",
    "detections",
    "evidence",
    "frames",
    "inspections",
    "keys",
    "logs",
    "metadata",
    "model_pins",
    "models",
    "pairs",
    "placements",
    "pose_solutions",
    "quarantine",
    "removed_evidence",
    "reports",
    "rescore_jobs",
    "rescore_scans",
    "rescores",
    "reviews",
    "revisions",
    "robots",
    "scan_owners",
    "scans",
    "score_maps",
    "sessions",
    "sign_ins",
    "structures",
    "surfaces",
    "users",
]
