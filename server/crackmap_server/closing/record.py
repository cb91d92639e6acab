"""What a close-out comes to: its listing's hash, and the numbers that people want to read without counting."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, select

from crackmap_server import tables
from crackmap_server.closed import Closed
from crackmap_server.closing import listing
from crackmap_server.closing.listing import Line, encoded
from crackmap_server.closing.resources import ClosedAddition, ClosedScan, ClosedSurface, Content
from crackmap_server.pairs import Pair
from crackmap_server.resources import Coverage, Detection
from crackmap_server.sites import Site, sites
from crackmap_server.surface_coverage import surface_coverage


@dataclass
class _Counted:
    """What passed by while the listing was hashed."""

    lines: Counter[str] = field(default_factory=Counter)
    frames: Counter[str] = field(default_factory=Counter)
    detections: defaultdict[UUID, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    masked: Counter[UUID] = field(default_factory=Counter)
    surface_of: dict[UUID, UUID] = field(default_factory=dict)

    def note(self, line: Line, detection: Detection | None) -> None:
        self.lines[line[0]] += 1
        if line[0] == "frame":
            self.frames[line[2]] += 1
        if detection is not None:
            surface_id = self.surface_of[detection.scan_id]
            self.detections[surface_id][detection.review.state if detection.review else "unreviewed"] += 1
            self.masked[surface_id] += detection.masked is not None


def lines(connection: Connection, row: Mapping[Any, Any], closed: Closed) -> Iterator[tuple[Line, Detection | None]]:
    """The whole listing, with the detection where a line is of one."""
    pairs = closed.pairs(connection)
    yield listing.head(row), None
    for part in (
        listing.scan_lines(connection, pairs),
        listing.addition_lines(connection, closed),
        listing.review_lines(connection, closed),
        listing.frame_lines(connection, pairs, closed),
    ):
        for line in part:
            yield line, None
    yield from listing.detection_lines(connection, pairs, closed)


def record(connection: Connection, row: Mapping[Any, Any], closed: Closed) -> tuple[Content, str]:
    """From the frames, scores, places, reviews and versions that count; the SHA-256 is of the whole listing."""
    pairs = closed.pairs(connection)
    of_scan = sites(connection, pairs)
    counted = _Counted(surface_of={scan_id: site.face.surface_id for scan_id, site in of_scan.items()})
    whole = hashlib.sha256()
    parts: defaultdict[str, Any] = defaultdict(hashlib.sha256)
    for line, detection in lines(connection, row, closed):
        counted.note(line, detection)
        content = encoded(line)
        whole.update(content)
        parts[line[0]].update(content)
    found = Content(
        scans=_scans(connection, pairs, of_scan, counted),
        surfaces=_surfaces(connection, pairs, of_scan, counted, closed),
        additions=[
            ClosedAddition(kind=kind, id=one, version=version)
            for kind, versions in sorted(closed.additions.items())
            for one, version in sorted(versions.items())
        ],
        reviews=counted.lines["review"],
        parts={name: digest.hexdigest() for name, digest in sorted(parts.items())},
    )
    return found, whole.hexdigest()


def _scans(
    connection: Connection, pairs: Mapping[int, Pair], of_scan: Mapping[UUID, Site], counted: _Counted
) -> list[ClosedScan]:
    analyses = tables.analyses.c
    models = {
        row.analysis_id: row
        for row in connection.execute(
            select(analyses.analysis_id, analyses.model, analyses.model_sha256).where(
                analyses.analysis_id.in_([pair.analysis_id for pair in pairs.values()])
            )
        )
    }
    return [
        ClosedScan(
            scan_id=pair.scan_id,
            surface_id=of_scan[pair.scan_id].face.surface_id,
            analysis_id=pair.analysis_id,
            model=models[pair.analysis_id].model,
            model_sha256=models[pair.analysis_id].model_sha256,
            threshold=pair.threshold,
            pose_solution_id=pair.pose_solution_id,
            frames=counted.frames[str(pair.scan_id)],
        )
        for pair in sorted(pairs.values(), key=lambda pair: pair.scan_id)
    ]


def _surfaces(
    connection: Connection,
    pairs: Mapping[int, Pair],
    of_scan: Mapping[UUID, Site],
    counted: _Counted,
    closed: Closed,
) -> list[ClosedSurface]:
    faces = sorted({site.face for site in of_scan.values()}, key=lambda face: face.surface_id)
    found = []
    for face in faces:
        surface_id = face.surface_id
        own = {seq: pair for seq, pair in pairs.items() if of_scan[pair.scan_id].face == face}
        coverage: Coverage = surface_coverage(connection, surface_id, face.around_m, own, closed)
        found.append(
            ClosedSurface(
                surface_id=surface_id,
                detections=dict(sorted(counted.detections[surface_id].items())),
                masked=counted.masked[surface_id],
                area_m2=coverage.area_m2,
                boundary_m2=coverage.boundary_m2,
                sights_m2={part.sight: part.area_m2 for part in coverage.parts},
                frames_placed=coverage.frames_placed,
                frames_no_pose=coverage.frames_no_pose,
                frames_unplaced=coverage.frames_unplaced,
            )
        )
    return found
