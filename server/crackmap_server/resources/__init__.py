"""What the API shows. Units are in the names; coordinates are of the surface's chart, in metres."""

from crackmap_server.resources.base import Kept, Page, Problem, Resource, like
from crackmap_server.resources.coverage import Coverage, CoveragePart
from crackmap_server.resources.detections import Detection
from crackmap_server.resources.evidence import EvidenceItem, EvidenceState
from crackmap_server.resources.frames import FrameDetail, FrameItem, FramePlacement, PlacementKind, ScoreMapItem
from crackmap_server.resources.inspections import (
    AnalysisItem,
    InspectionItem,
    PoseSolutionItem,
    ScanItem,
    Structure,
    SurfaceItem,
)
from crackmap_server.resources.log import Health, LogItem, QuarantinedReport
from crackmap_server.resources.reviews import DetectionReview, Imported, ReviewItem

__all__ = [
    "AnalysisItem",
    "Coverage",
    "CoveragePart",
    "Detection",
    "DetectionReview",
    "EvidenceItem",
    "EvidenceState",
    "FrameDetail",
    "FrameItem",
    "FramePlacement",
    "Health",
    "Imported",
    "InspectionItem",
    "Kept",
    "LogItem",
    "Page",
    "PlacementKind",
    "PoseSolutionItem",
    "Problem",
    "QuarantinedReport",
    "Resource",
    "ReviewItem",
    "ScanItem",
    "ScoreMapItem",
    "Structure",
    "SurfaceItem",
    "like",
]
