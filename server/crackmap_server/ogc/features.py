"""Features as GeoJSON and as JSON-FG. Pure.

Metres are never put where a reader takes them for longitude and latitude: in GeoJSON `geometry` has the frame that the
request names by `crs`, and in JSON-FG metres are in `place`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from crackmap_server.exports.json_fg import coord_ref_sys
from crackmap_server.ogc.conformance import GEOJSON, JSON_FG_CORE
from crackmap_server.ogc.frames import Frame
from crackmap_server.placed_charts import PlacedChart
from crackmap_server.placed_outlines import Outline, on_earth, on_grid
from crackmap_server.surface_names import SurfaceName

Link = dict[str, str]


@dataclass(frozen=True)
class Feature:
    """One feature; `outline` is a GeoJSON geometry in chart metres, None for what has no place there."""

    feature_id: str
    outline: Outline | None
    captured_utc: str | None
    properties: dict[str, Any]


def polygon(corners_m: Sequence[Sequence[float]]) -> Outline:
    """A ring of corners, in either direction, as a closed one that runs counterclockwise."""
    ring = [[float(u), float(v)] for u, v in corners_m]
    if sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(ring, [*ring[1:], ring[0]], strict=True)) < 0:
        ring.reverse()
    return {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}


def collection_body(
    features: Sequence[Feature],
    surface: SurfaceName,
    kind: str,
    links: list[Link],
    *,
    media_type: str,
    frame: Frame,
    matched: int | None,
) -> dict[str, Any]:
    """A page of features. Without timeStamp: two pages that say the same are the same bytes."""
    counts = {"numberReturned": len(features)} | ({} if matched is None else {"numberMatched": matched})
    return {
        "type": "FeatureCollection",
        **_head(surface, kind, media_type, frame),
        "features": [
            feature_body(feature, surface=surface, media_type=media_type, frame=frame) for feature in features
        ],
        "links": links,
        **counts,
    }


def single_body(
    feature: Feature, surface: SurfaceName, kind: str, links: list[Link], *, media_type: str, frame: Frame
) -> dict[str, Any]:
    """One feature as a document of its own."""
    body = feature_body(feature, surface=surface, media_type=media_type, frame=frame)
    return {"type": body.pop("type"), **_head(surface, kind, media_type, frame), **body, "links": links}


def feature_body(feature: Feature, *, surface: SurfaceName, media_type: str, frame: Frame) -> dict[str, Any]:
    """One feature inside a page."""
    if media_type == GEOJSON:
        where: dict[str, Any] = {"geometry": outline_in(frame, feature.outline, surface.chart)}
    else:
        moment = feature.captured_utc
        where = {
            "time": None if moment is None else {"timestamp": moment},
            "place": outline_in(_of_place(frame), feature.outline, surface.chart),
            "geometry": outline_in(Frame.EARTH, feature.outline, surface.chart),
        }
    return {"type": "Feature", "id": feature.feature_id, **where, "properties": feature.properties}


def outline_in(frame: Frame, outline: Outline | None, chart: PlacedChart | None) -> Outline | None:
    """The outline in that frame; None where it has no place there."""
    if outline is None or frame is Frame.OWN:
        return outline
    if chart is None:
        return None
    return on_earth(outline, chart) if frame is Frame.EARTH else on_grid(outline, chart)


def _of_place(frame: Frame) -> Frame:
    """`place` is what `geometry` cannot say: never longitude and latitude."""
    return Frame.OWN if frame is Frame.EARTH else frame


def _head(surface: SurfaceName, kind: str, media_type: str, frame: Frame) -> dict[str, Any]:
    if media_type == GEOJSON:
        return {}
    reference: Any = coord_ref_sys(surface)
    if frame is Frame.GRID and surface.chart is not None:
        uris = surface.chart.grid_uris
        reference = list(uris) if len(uris) > 1 else uris[0]
    return {"conformsTo": [JSON_FG_CORE], "featureType": kind, "coordRefSys": reference}
