"""Detections as JSON-FG (OGC Features and Geometries JSON): GeoJSON that can say its coordinates are a local frame.

Plain GeoJSON is read as longitude and latitude whatever it says, so the outline in metres stands in `place`, with an
engineering CRS, and `geometry` is null where nobody said where the surface stands.
"""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from crackmap_server.placed_charts import PlacedChart
from crackmap_server.placed_outlines import on_earth
from crackmap_server.resources import Detection
from crackmap_server.surface_names import SurfaceName

MEDIA_TYPE = "application/geo+json"
CONFORMS_TO = ["http://www.opengis.net/spec/json-fg-1/0.3/conf/core"]


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
            yield (separator + json.dumps(feature(detection, surface.chart), ensure_ascii=False)).encode()
            separator = ",\n"
    yield ("\n" + end).encode()


def feature(detection: Detection, chart: PlacedChart | None) -> dict[str, Any]:
    """One tile as a feature; its `geometry` is where the placed chart has it on Earth."""
    assert detection.corners_m is not None
    ring = [list(corner) for corner in reversed(detection.corners_m)]  # counterclockwise, as GeoJSON wants it
    place = {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}
    properties = detection.model_dump(mode="json", exclude={"detection_id", "corners_m", "placement"})
    return {
        "type": "Feature",
        "id": str(detection.detection_id),
        "time": None,
        "geometry": None if chart is None else on_earth(place, chart),
        "place": place,
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
