"""An inspection of the wall: what people add to it, how it is closed, and what is shown of it."""

from typing import Any
from uuid import uuid4

LEFT_OF_ONE = [[[0.9, 0], [1.0, 0], [1.0, 1], [0.9, 1]]]


class Inspection:
    """The wall's, at a server."""

    def __init__(self, server: Any, wall: Any) -> None:
        self.server, self.wall = server, wall
        self.inspection_id = str(wall.scan.inspection_id)
        self.surface_id = str(wall.scan.surface_id)
        self.path = f"/v1/inspections/{self.inspection_id}/close-outs"

    def close(self, status: int = 201, **order: Any) -> Any:
        answer = self.server.client.post(self.path, json={"by": "Ada"} | order)
        assert answer.status_code == status, answer.text
        return answer.json()

    def verified(self, number: int = 1) -> Any:
        return self.server.get(f"{self.path}/{number}/verification")

    def shown(self, number: int | None, threshold: float | None = None) -> Any:
        """Every list that knows close-outs."""
        query: dict[str, Any] = {"inspection_id": self.inspection_id}
        query |= {} if number is None else {"close_out": number}
        query |= {} if threshold is None else {"threshold": threshold}
        client, surface = self.server.client, f"/v1/surfaces/{self.surface_id}"
        of_surface = {name: value for name, value in query.items() if name != "threshold"}
        return {
            "pages": [self.server.every("/v1/detections", limit=limit, **query) for limit in (7, 1000)],
            "lines": client.get("/v1/detections.ndjson", params=query).text,
            "geojson": client.get(f"{surface}/detections.geojson", params=query).json(),
            "coverage": self.server.get(f"{surface}/coverage", **of_surface),
        }

    def review(self, number: int, tile: int, verdict: str, author: str = "Ada") -> None:
        report = self.wall.report(number)
        content = {
            "frame_id": str(report.frame.frame_id),
            "analysis_id": str(report.analysis_id),
            "tile": tile,
            "verdict": verdict,
            "reason": "joint" if verdict == "reject" else "",
        }
        assert self.server.write(f"/v1/reviews/{uuid4()}", content, author=author).status_code == 201

    def mask(self) -> str:
        mask_id = str(uuid4())
        content = {"surface_id": self.surface_id, "kind": "joint", "polygon_m": LEFT_OF_ONE}
        assert self.server.write(f"/v1/masks/{mask_id}", content).status_code == 201
        return mask_id

    def conditions(self, version: int | None = None, **content: Any) -> None:
        path = f"/v1/inspections/{self.inspection_id}/conditions"
        assert self.server.write(path, {"inspection_id": self.inspection_id} | content, version).is_success

    def boundary(self, width_m: float, version: int | None = None) -> None:
        content = {
            "surface_id": self.surface_id,
            "boundary": [[(0, 0), (width_m, 0), (width_m, 1), (0, 1)]],
        }
        assert self.server.write(f"/v1/surfaces/{self.surface_id}/description", content, version).is_success

    def finding(self, finding_id: str, width_mm: float, version: int | None = None) -> None:
        content = {
            "surface_id": self.surface_id,
            "inspection_id": self.inspection_id,
            "kind": "crack",
            "shape": {"type": "polyline", "line_m": [(0.1, 0.1), (0.3, 0.2)]},
            "width_mm": width_mm,
        }
        assert self.server.write(f"/v1/findings/{finding_id}", content, version).is_success


def everything_happens(inspection: Inspection) -> None:
    """Each thing that changes what lists show."""
    server, wall = inspection.server, inspection.wall
    server.deliver(wall.batch(wall.report(7)), wall.batch(wall.report(5)))  # a new frame, and one that gets a place
    over = [tile for tile, score in enumerate(wall.scores(2)) if score >= 128]
    inspection.review(2, over[0], "accept")
    masks = server.get("/v1/masks", surface_id=inspection.surface_id)["items"]
    server.client.delete(f"/v1/masks/{masks[0]['id']}", headers={"If-Match": '"1"'})
    inspection.boundary(2.5, 1)
    inspection.conditions(1, target_width_mm=0.1, held_on="2026-05-02")
    inspection.finding("5f0c7b8e-6a43-4d0c-9a35-0d0d0fb3c9a1", 0.5, 1)
    newer = wall.but(model_sha256="d" * 64, threshold=0.3)
    server.deliver(newer.batch(*(newer.report(number) for number in range(4))))
