"""Features as GeoJSON and as JSON-FG. Pure.

Metres in a surface's own frame are never put where a reader takes them for longitude and latitude: GeoJSON has a null
`geometry` unless the request names that frame by `crs`, and JSON-FG has them in `place`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from crackmap_server.exports.json_fg import SurfaceName, coord_ref_sys
from crackmap_server.ogc.conformance import GEOJSON, JSON_FG_CORE

Link = dict[str, str]


@dataclass(frozen=True)
class Feature:
    """One feature; `outline` is a GeoJSON geometry in chart metres."""

    feature_id: str
    outline: dict[str, Any]
    captured_utc: str | None
    properties: dict[str, Any]


def polygon(corners_m: Sequence[Sequence[float]]) -> dict[str, Any]:
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
    local: bool,
    matched: int | None,
) -> dict[str, Any]:
    """A page of features. Without timeStamp: two pages that say the same are the same bytes."""
    counts = {"numberReturned": len(features)} | ({} if matched is None else {"numberMatched": matched})
    return {
        "type": "FeatureCollection",
        **_head(surface, kind, media_type),
        "features": [feature_body(feature, media_type=media_type, local=local) for feature in features],
        "links": links,
        **counts,
    }


def single_body(
    feature: Feature, surface: SurfaceName, kind: str, links: list[Link], *, media_type: str, local: bool
) -> dict[str, Any]:
    """One feature as a document of its own."""
    body = feature_body(feature, media_type=media_type, local=local)
    return {"type": body.pop("type"), **_head(surface, kind, media_type), **body, "links": links}


def feature_body(feature: Feature, *, media_type: str, local: bool) -> dict[str, Any]:
    """One feature inside a page."""
    if media_type == GEOJSON:
        where: dict[str, Any] = {"geometry": feature.outline if local else None}
    else:
        moment = feature.captured_utc
        where = {
            "time": None if moment is None else {"timestamp": moment},
            "place": feature.outline,
            "geometry": None,
        }
    return {"type": "Feature", "id": feature.feature_id, **where, "properties": feature.properties}


def _head(surface: SurfaceName, kind: str, media_type: str) -> dict[str, Any]:
    if media_type == GEOJSON:
        return {}
    return {"conformsTo": [JSON_FG_CORE], "featureType": kind, "coordRefSys": coord_ref_sys(surface)}
