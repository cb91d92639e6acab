"""Ids that are derived, never drawn: sending or scanning the same thing twice changes nothing.

Every id is a UUIDv5 (RFC 9562) whose name is a JSON array of strings, so that no two different lists of parts can
spell the same name.
"""

from collections.abc import Iterable, Iterator
from hashlib import sha1
from json import JSONEncoder
from uuid import UUID, uuid5

CRACKMAP = UUID("6f2d3f0e-7a0b-5d53-9b1a-0c8f5f0a51d1")  # the root of all names; it never changes
_NAME = JSONEncoder(ensure_ascii=False, separators=(",", ":"))


def _derived(parent: UUID, *parts: str) -> UUID:
    return uuid5(parent, _NAME.encode(parts))


def structure_id(name: str) -> UUID:
    """The bridge, building or tunnel of that name."""
    return _derived(CRACKMAP, "structure", name)


def surface_id(structure: UUID, name: str) -> UUID:
    """One face of a structure."""
    return _derived(structure, "surface", name)


def inspection_id(structure: UUID, name: str) -> UUID:
    """One dated campaign on a structure."""
    return _derived(structure, "inspection", name)


def recorded_scan_id(inspection: UUID, surface: UUID) -> UUID:
    """The scan of a recording: one for an inspection and a surface, however often it is read."""
    return _derived(inspection, "scan", str(surface))


def frame_id(scan: UUID, source_key: str) -> UUID:
    """One image of a scan; `source_key` is the SHA-256 of the file for photographs."""
    return _derived(scan, "frame", source_key)


def detection_id(frame: UUID, analysis: UUID, tile: int) -> UUID:
    """A tile of a frame, as one analysis sees it."""
    return _derived(frame, "detection", str(analysis), str(tile))


def detection_ids(frame: UUID, analysis: UUID, tiles: Iterable[int]) -> Iterator[UUID]:
    """`detection_id` of each tile. What their names have in common is hashed once: a page has a thousand of them."""
    begun = sha1(frame.bytes + f'["detection","{analysis}","'.encode(), usedforsecurity=False)  # RFC 9562, 5.5
    for tile in tiles:
        name = begun.copy()
        name.update(f'{tile}"]'.encode())
        yield UUID(bytes=name.digest()[:16], version=5)


def analysis_id(scan: UUID, model_sha256: str, tile_px: int, stride_px: int, preprocessing: int) -> UUID:
    """The scores of a scan's tiles by one model at one tile grid."""
    return _derived(scan, "analysis", model_sha256, str(tile_px), str(stride_px), str(preprocessing))


def pose_solution_id(scan: UUID, poses_sha256: str, camera_sha256: str) -> UUID:
    """One set of poses and one calibration for a scan, by the hashes of the files that say them."""
    return _derived(scan, "pose solution", poses_sha256, camera_sha256)
