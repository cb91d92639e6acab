"""The OpenAPI document: what FastAPI finds, how one signs in, and the messages that a delivery is made of."""

from typing import Any

from fastapi import FastAPI

from crackmap import ids
from crackmap.messages import (
    Analysis,
    Evidence,
    Frame,
    Image,
    Inspection,
    Report,
    ReportBatch,
    Scan,
    ScoreMap,
    Unplaced,
)
from crackmap.surfaces import Surface
from crackmap_server.people.credentials import KEY_PREFIX
from crackmap_server.people.recognition import COOKIE, SECURE_COOKIE
from crackmap_server.people.route_roles import PUBLIC, ROUTES
from crackmap_server.resources import Problem

_REF = "#/components/schemas/{model}"
SECURITY_SCHEMES = {
    "key": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": f"{KEY_PREFIX}…",
        "description": "A robot's or a person's key. A server without any key or user asks nobody for one.",
    },
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": COOKIE,
        "description": f"Of a browser, by POST /v1/session; over TLS it is called {SECURE_COOKIE}. "
        "Writes also need the header X-CSRF-Token, which GET /v1/session tells.",
    },
}


def describe(app: FastAPI) -> None:
    """Let the app's document hold the messages and the ways to sign in too."""
    found = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = found()
            messages = ReportBatch.model_json_schema(ref_template=_REF)
            schemas = document.setdefault("components", {}).setdefault("schemas", {})
            schemas |= {**messages.pop("$defs"), "ReportBatch": messages, "Problem": Problem.model_json_schema()}
            _secure(document)
            app.openapi_schema = document
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


def _secure(document: dict[str, Any]) -> None:
    """A key or a session for all but what the table of roles calls public."""
    document["components"]["securitySchemes"] = SECURITY_SCHEMES
    document["security"] = [{name: []} for name in SECURITY_SCHEMES]
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            if ROUTES.get(f"{method.upper()} {path}", document) is PUBLIC:
                operation["security"] = []


def report_batch_body() -> dict[str, Any]:
    """The body of `POST /v1/reports`, which the route reads by itself, item by item."""
    content = {"schema": {"$ref": _REF.format(model="ReportBatch")}, "example": example().model_dump(mode="json")}
    return {"requestBody": {"required": True, "content": {"application/json": content}}}


def example() -> ReportBatch:
    """One photograph of two tiles, of which only the scale is known."""
    structure = ids.structure_id("Mill bridge")
    surface, inspection = ids.surface_id(structure, "pier 2, east"), ids.inspection_id(structure, "2026 spring")
    scan = Scan(
        scan_id=ids.recorded_scan_id(inspection, surface),
        kind="recording",
        structure="Mill bridge",
        surface=Surface(name="pier 2, east"),
        inspection=Inspection(name="2026 spring", target_width_mm=0.3),
        software="crackmap-robot 0.1.0",
    )
    model_sha256, photo_sha256 = "3f" * 32, "9c" * 32
    analysis = Analysis(
        analysis_id=ids.analysis_id(scan.scan_id, model_sha256, 227, 227, 1),
        scan_id=scan.scan_id,
        model="crack-227",
        model_sha256=model_sha256,
        tile_px=227,
        stride_px=227,
        threshold=0.5,
    )
    frame = Frame(
        frame_id=ids.frame_id(scan.scan_id, photo_sha256),
        scan_id=scan.scan_id,
        source_key=photo_sha256,
        label="DSC_0001.JPG",
        image=Image(sha256=photo_sha256, size_bytes=61_417, media_type="image/jpeg", width_px=400, height_px=227),
    )
    report = Report(
        frame=frame,
        analysis_id=analysis.analysis_id,
        score_map=ScoreMap(columns=2, rows=1, scores=bytes([57, 204])),
        placement=Unplaced(mm_per_px=0.23),
        evidence=Evidence(frame=True),
    )
    return ReportBatch(scans=(scan,), analyses=(analysis,), reports=(report,))
