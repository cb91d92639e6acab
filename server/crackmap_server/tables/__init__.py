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
"""

from crackmap_server.tables.log import (
    analyses,
    crops,
    decisions,
    detections,
    evidence,
    frames,
    inspections,
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
from crackmap_server.tables.registry import model_pins, models, rescore_jobs, rescore_scans, rescores

__all__ = [
    "analyses",
    "crops",
    "decisions",
    "detections",
    "evidence",
    "frames",
    "inspections",
    "metadata",
    "model_pins",
    "models",
    "pairs",
    "placements",
    "pose_solutions",
    "quarantine",
    "reports",
    "rescore_jobs",
    "rescore_scans",
    "rescores",
    "scans",
    "score_maps",
    "structures",
    "surfaces",
]
