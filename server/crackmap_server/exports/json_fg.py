"""Detections as JSON-FG (OGC Features and Geometries JSON): GeoJSON that can say its coordinates are a local frame.

Plain GeoJSON is read as longitude and latitude whatever it says, so `geometry` is null and the outline stands in
`place`, with an engineering CRS in metres.
"""

import json
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from crackmap_server.resources import Detection

MEDIA_TYPE = "application/geo+json"
CONFORMS_TO = ["http://www.opengis.net/spec/json-fg-1/0.3/conf/core"]


@dataclass(frozen=True)
class SurfaceName:
    """What the file is of."""

    surface_id: UUID
    structure: str
    name: str
    drawing: str
    radius_m: float | None = None
    """Of a cylinder, unrolled."""

    @property
    def around_m(self) -> float | None:
        """The length after which u begins again; None for a plane."""
        return None if self.radius_m is None else 2 * math.pi * self.radius_m


def feature_collection(surface: SurfaceName, detections: Iterable[Detection]) -> Iterator[bytes]:
    """The file in parts, feature by feature. Detections without a place on the surface are left out."""
    head = {
        "type": "FeatureCollection",
        "conformsTo": CONFORMS_TO,
        "coordRefSys": coord_ref_sys(surface),
        "featureType": "detection",
        "features": [],
    }
    start, end = json.dumps(head, ensure_ascii=False)[:-2], "]}"
    yield start.encode()
    separator = "\n"
    for detection in detections:
        if detection.placement == "placed":
            yield (separator + json.dumps(feature(detection), ensure_ascii=False)).encode()
            separator = ",\n"
    yield ("\n" + end).encode()


def feature(detection: Detection) -> dict[str, Any]:
    """One tile as a feature."""
    assert detection.corners_m is not None
    ring = [list(corner) for corner in reversed(detection.corners_m)]  # counterclockwise, as GeoJSON wants it
    properties = detection.model_dump(mode="json", exclude={"detection_id", "corners_m", "placement"})
    return {
        "type": "Feature",
        "id": str(detection.detection_id),
        "time": None,
        "geometry": None,
        "place": {"type": "Polygon", "coordinates": [[*ring, ring[0]]]},
        "properties": properties,
    }


def coord_ref_sys(surface: SurfaceName) -> dict[str, Any]:
    """The surface's frame as PROJJSON: an engineering CRS, u to the right and v across, in metres."""
    unrolled = "" if surface.radius_m is None else f"cylinder of {surface.radius_m:g} m unrolled, "
    name = f"{surface.structure}: {surface.name} (local frame, {unrolled}{surface.drawing})"
    axes = [("u, to the right as the viewer sees it", "u", "displayRight"), ("v, across", "v", "displayUp")]
    return {
        "type": "PROJJSON",
        "value": {
            "$schema": "https://proj.org/schemas/v0.7/projjson.schema.json",
            "type": "EngineeringCRS",
            "name": name,
            "datum": {"type": "EngineeringDatum", "name": name},
            "coordinate_system": {
                "subtype": "Cartesian",
                "axis": [
                    {"name": axis, "abbreviation": short, "direction": direction, "unit": "metre"}
                    for axis, short, direction in axes
                ],
            },
        },
    }
