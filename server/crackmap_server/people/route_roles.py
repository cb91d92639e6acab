"""The one table of who may use which route. A route that is missing here is refused to everybody.

To add a route, add its line: method and path as the route has them, and the smallest group that needs it.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from starlette.routing import compile_path

from crackmap_server.people.roles import ADMINS, DELIVERERS, EVERYONE_KNOWN, INSPECTORS, READERS, WORKERS, Roles

PUBLIC: Final = None
"""Also without a key or a session: what signing in and watchdogs need. Nothing that was inspected may be public."""

ROUTES: Final[Mapping[str, Roles | None]] = {
    "DELETE /v1/elements/{element_id}": INSPECTORS,
    "DELETE /v1/findings/{finding_id}": INSPECTORS,
    "DELETE /v1/keys/{key_id}": ADMINS,
    "DELETE /v1/masks/{mask_id}": INSPECTORS,
    "DELETE /v1/session": READERS,
    "GET /": READERS,
    "GET /healthz": PUBLIC,
    "GET /login": PUBLIC,
    "GET /metrics": READERS,
    "GET /ogc": READERS,
    "GET /ogc/api": READERS,
    "GET /ogc/collections": READERS,
    "GET /ogc/collections/{collectionId}": READERS,
    "GET /ogc/collections/{collectionId}/items": READERS,
    "GET /ogc/collections/{collectionId}/items/{featureId}": READERS,
    "GET /ogc/conformance": READERS,
    "GET /ogc/crs/{surfaceId}": READERS,
    "GET /openapi.json": READERS,
    "GET /readyz": PUBLIC,
    "GET /static/{path:path}": PUBLIC,
    "GET /v1/audit": ADMINS,
    "GET /v1/detections": READERS,
    "GET /v1/detections.ndjson": READERS,
    "GET /v1/elements": READERS,
    "GET /v1/elements/{element_id}": READERS,
    "GET /v1/elements/{element_id}/versions": READERS,
    "GET /v1/evidence/{sha256}": READERS | WORKERS,
    "GET /v1/findings": READERS,
    "GET /v1/findings/{finding_id}": READERS,
    "GET /v1/findings/{finding_id}/versions": READERS,
    "GET /v1/frames": READERS,
    "GET /v1/frames.ndjson": READERS,
    "GET /v1/frames/{frame_id}": READERS,
    "GET /v1/frames/{frame_id}/crop.jpg": READERS,
    "GET /v1/frames/{frame_id}/picture.jpg": READERS,
    "GET /v1/inspections": READERS,
    "GET /v1/inspections/{inspection_id}/close-outs": READERS,
    "GET /v1/inspections/{inspection_id}/close-outs/{number}": READERS,
    "GET /v1/inspections/{inspection_id}/close-outs/{number}/listing.ndjson": READERS,
    "GET /v1/inspections/{inspection_id}/close-outs/{number}/verification": READERS,
    "GET /v1/inspections/{inspection_id}/conditions": READERS,
    "GET /v1/inspections/{inspection_id}/conditions/versions": READERS,
    "GET /v1/inspections/{inspection_id}/model": READERS | DELIVERERS,
    "GET /v1/inspections/{inspection_id}/models": READERS,
    "GET /v1/keys": ADMINS,
    "GET /v1/label-studio/tasks": READERS,
    "GET /v1/log": EVERYONE_KNOWN,
    "GET /v1/masks": READERS,
    "GET /v1/masks/{mask_id}": READERS,
    "GET /v1/masks/{mask_id}/versions": READERS,
    "GET /v1/models": READERS,
    "GET /v1/models/{sha256}": READERS,
    "GET /v1/models/{sha256}/file": EVERYONE_KNOWN,
    "GET /v1/models/{sha256}/manifest": EVERYONE_KNOWN,
    "GET /v1/quarantine": READERS,
    "GET /v1/rescores": READERS | WORKERS,
    "GET /v1/rescores/{rescore}": READERS | WORKERS,
    "GET /v1/rescores/{rescore}/comparison": READERS,
    "GET /v1/reviews": READERS,
    "GET /v1/reviews/{review_id}": READERS,
    "GET /v1/robots": ADMINS,
    "GET /v1/scans": READERS,
    "GET /v1/session": READERS,
    "GET /v1/structures": READERS,
    "GET /v1/surfaces": READERS,
    "GET /v1/surfaces/{surface_id}/coverage": READERS,
    "GET /v1/surfaces/{surface_id}/description": READERS,
    "GET /v1/surfaces/{surface_id}/description/versions": READERS,
    "GET /v1/surfaces/{surface_id}/detections.geojson": READERS,
    "GET /v1/training-set.zip": READERS,
    "GET /v1/users": ADMINS,
    "HEAD /openapi.json": READERS,
    "HEAD /static/{path:path}": PUBLIC,
    "HEAD /v1/evidence/{sha256}": READERS | DELIVERERS,
    "PATCH /v1/users/{user_id}": ADMINS,
    "POST /v1/inspections/{inspection_id}/close-outs": ADMINS,
    "POST /v1/keys": ADMINS,
    "POST /v1/keys/{key_id}/rotation": ADMINS,
    "POST /v1/label-studio/results": INSPECTORS,
    "POST /v1/reports": DELIVERERS,
    "POST /v1/rescores": ADMINS,
    "POST /v1/rescores/claim": WORKERS,
    "POST /v1/rescores/{rescore}/current": ADMINS,
    "POST /v1/rescores/{rescore}/scores": WORKERS,
    "POST /v1/session": PUBLIC,
    "POST /v1/session/password": READERS,
    "POST /v1/users": ADMINS,
    "PUT /v1/elements/{element_id}": INSPECTORS,
    "PUT /v1/evidence/{sha256}": DELIVERERS,
    "PUT /v1/findings/{finding_id}": INSPECTORS,
    "PUT /v1/inspections/{inspection_id}/conditions": INSPECTORS,
    "PUT /v1/inspections/{inspection_id}/model": ADMINS,
    "PUT /v1/masks/{mask_id}": INSPECTORS,
    "PUT /v1/models/{sha256}": ADMINS,
    "PUT /v1/models/{sha256}/file": ADMINS,
    "PUT /v1/reviews/{review_id}": INSPECTORS,
    "PUT /v1/surfaces/{surface_id}/description": INSPECTORS,
}


@dataclass(frozen=True)
class Entry:
    """What the table says of a request. `methods`: that its path takes; none: no route has it."""

    roles: Roles | None
    methods: frozenset[str]


def patterns(routes: Iterable[str]) -> dict[str, re.Pattern[str]]:
    """The routes' paths, and what each matches: what the framework makes of the same path."""
    return {path: compile_path(path)[0] for path in {route.split(" ", 1)[1] for route in routes}}


_PATTERNS: Final = patterns(ROUTES)


def entry(method: str, path: str) -> Entry | None:
    """What the table says of a method and a path; None: nothing. Where two lines match, both must allow it."""
    paths = {pattern for pattern, regex in _PATTERNS.items() if regex.match(path)}
    lines = {route: roles for route, roles in ROUTES.items() if route.split(" ", 1)[1] in paths}
    if not lines:
        return None
    methods = frozenset(route.split(" ", 1)[0] for route in lines)
    roles: Roles | None = PUBLIC
    for route, allowed in lines.items():
        if route.split(" ", 1)[0] == method and allowed is not PUBLIC:
            roles = allowed if roles is PUBLIC else roles & allowed
    return Entry(roles, methods)
