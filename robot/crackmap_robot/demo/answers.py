"""What the server says about the demo's scan, read over its REST API as any other program would."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeVar
from uuid import UUID

import httpx2
from pydantic import BaseModel

from crackmap.errors import ServerUnavailable

Item = TypeVar("Item", bound=BaseModel)


class Detection(BaseModel):
    """A tile at or over the threshold, on the chart."""

    frame_id: UUID
    x_px: int
    y_px: int
    width_px: int
    height_px: int
    score: float
    u_m: float
    v_m: float
    corners_m: list[tuple[float, float]]
    covariance_m2: tuple[float, float, float] | None


class Frame(BaseModel):
    """A photograph."""

    frame_id: UUID
    label: str
    evidence: str


class Analysis(BaseModel):
    """What scored the tiles."""

    model: str
    model_sha256: str
    tile_px: int
    stride_px: int
    threshold: float
    current: bool


class Scan(BaseModel):
    """What was scanned."""

    analyses: list[Analysis]


class Coverage(BaseModel):
    """What was photographed."""

    area_m2: float
    frames_placed: int
    frames_no_pose: int


class Answers:
    """Asks one server about one surface in one inspection. Raises ServerUnavailable."""

    def __init__(self, address: str, surface_id: UUID, inspection_id: UUID) -> None:
        # Proxies of the environment are for other hosts than this one.
        self._client = httpx2.Client(base_url=address, trust_env=False, timeout=30.0)
        self._where = {"surface_id": str(surface_id), "inspection_id": str(inspection_id)}
        self._surface_id = surface_id

    def __enter__(self) -> Answers:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def detections(self) -> list[Detection]:
        """All tiles at or over the analysis's own threshold."""
        return list(self._items("/v1/detections", Detection))

    def frames(self) -> list[Frame]:
        """All photographs."""
        return list(self._items("/v1/frames", Frame))

    def analysis(self) -> Analysis:
        """The current one."""
        found = [analysis for scan in self._items("/v1/scans", Scan) for analysis in scan.analyses if analysis.current]
        if len(found) != 1:
            raise ServerUnavailable(f"the server names {len(found)} current analyses of the demo's scan, not 1.")
        return found[0]

    def coverage(self) -> Coverage:
        """Area and counts."""
        inspection = {"inspection_id": self._where["inspection_id"]}
        return Coverage.model_validate(self._get(f"/v1/surfaces/{self._surface_id}/coverage", inspection))

    def _items(self, path: str, kind: type[Item]) -> Iterator[Item]:
        """All pages of a list."""
        asked = {**self._where, "limit": "1000"}
        while True:
            page = self._get(path, asked)
            yield from map(kind.model_validate, page["items"])
            if page["next"] is None:
                return
            asked["cursor"] = page["next"]

    def _get(self, path: str, asked: dict[str, str]) -> Any:
        try:
            answer = self._client.get(path, params=asked)
        except httpx2.TransportError as error:
            raise ServerUnavailable(f"the server does not answer {path}: {error}") from error
        if answer.status_code != 200:
            raise ServerUnavailable(f"the server answered {path} with {answer.status_code}: {answer.text[:500]}")
        return answer.json()
