"""What travels from the robot to the server, version 1. Frozen: payloads of version 1 must parse for ever.

A batch carries the headers (scans, analyses, pose solutions) that its reports name, and one report per
(frame, analysis, pose solution). Each report is answered by itself.

Binary fields are standard base64 in JSON. Arrays are packed little-endian, row-major.
"""

from crackmap.messages.answers import LOG_HEADER, Answer, BatchAnswer, Status
from crackmap.messages.base import (
    LARGEST_INTEGER,
    LARGEST_SIDE_PX,
    LARGEST_TILE_COUNT,
    VERSION,
    Base64,
    Message,
    Point,
    Text,
)
from crackmap.messages.frames import Capture, Frame, Image, TimeSource, utc
from crackmap.messages.headers import Analysis, Camera, Inspection, PoseSolution, Scan
from crackmap.messages.placements import NoPose, Placed, Placement, Pose, TileGeometry, Unplaced
from crackmap.messages.reports import Crop, Evidence, Flag, Report, ReportBatch
from crackmap.messages.score_maps import Reason, ScoreMap, Unscored

__all__ = [
    "LARGEST_INTEGER",
    "LARGEST_SIDE_PX",
    "LARGEST_TILE_COUNT",
    "LOG_HEADER",
    "VERSION",
    "Analysis",
    "Answer",
    "Base64",
    "BatchAnswer",
    "Camera",
    "Capture",
    "Crop",
    "Evidence",
    "Flag",
    "Frame",
    "Image",
    "Inspection",
    "Message",
    "NoPose",
    "Placed",
    "Placement",
    "Point",
    "Pose",
    "PoseSolution",
    "Reason",
    "Report",
    "ReportBatch",
    "Scan",
    "ScoreMap",
    "Status",
    "Text",
    "TileGeometry",
    "TimeSource",
    "Unplaced",
    "Unscored",
    "utc",
]
