"""What all reports of a run have in common: scan, analysis and pose solution. Pure."""

from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from crackmap import __version__, ids
from crackmap.errors import InputError
from crackmap.manifest import Manifest
from crackmap.messages import Analysis, Inspection, PoseSolution, Scan
from crackmap.surfaces import Surface
from crackmap.tile_grid import TileGrid
from crackmap_robot.cameras.camera import Photo


class Key(NamedTuple):
    """What a report is about; it is made once."""

    frame_id: UUID
    analysis_id: UUID
    pose_solution_id: UUID | None


@dataclass(frozen=True)
class Headers:
    """What all reports of a run have in common."""

    scan: Scan
    analysis: Analysis
    pose_solution: PoseSolution | None

    @property
    def pose_solution_id(self) -> UUID | None:
        return None if self.pose_solution is None else self.pose_solution.pose_solution_id

    def key(self, photo: Photo) -> Key:
        """What the report on that photograph is kept under."""
        frame = ids.frame_id(self.scan.scan_id, photo.source_key)
        return Key(frame, self.analysis.analysis_id, self.pose_solution_id)

    def grid(self, photo: Photo) -> TileGrid:
        """The tiles of a photograph. Raises InputError for one that is smaller than a tile."""
        image, tile_px = photo.image, self.analysis.tile_px
        if min(image.width_px, image.height_px) < tile_px:
            raise InputError(
                f"{photo.label}: is {image.width_px} × {image.height_px} px, smaller than a tile of {tile_px} × "
                f"{tile_px} px. Pictures are never enlarged: give it in full size, or a model with smaller tiles."
            )
        return TileGrid(image.width_px, image.height_px, tile_px, self.analysis.stride_px)


def recording(structure: str, surface: str | Surface, inspection: str, target_width_mm: float | None) -> Scan:
    """The scan of recorded photographs: one for an inspection and a surface; a name alone is a plane."""
    told = Surface(name=surface) if isinstance(surface, str) else surface
    in_structure = ids.structure_id(structure)
    scan_id = ids.recorded_scan_id(ids.inspection_id(in_structure, inspection), ids.surface_id(in_structure, told.name))
    return Scan(
        scan_id=scan_id,
        kind="recording",
        structure=structure,
        surface=told,
        inspection=Inspection(name=inspection, target_width_mm=target_width_mm),
        software=f"crackmap {__version__}",
    )


def analysis(scan: Scan, manifest: Manifest, stride_px: int, threshold: float) -> Analysis:
    """The header of one model at one stride over that scan."""
    return Analysis(
        analysis_id=ids.analysis_id(scan.scan_id, manifest.sha256, manifest.tile_px, stride_px, manifest.preprocessing),
        scan_id=scan.scan_id,
        model=manifest.name,
        model_sha256=manifest.sha256,
        tile_px=manifest.tile_px,
        stride_px=stride_px,
        preprocessing=manifest.preprocessing,
        threshold=threshold,
    )
