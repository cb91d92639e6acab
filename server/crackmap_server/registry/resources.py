"""What the API shows of registered models and of scoring again."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import ConfigDict, Field, StringConstraints

from crackmap.manifest import Sha256
from crackmap_server.resources import Resource

Who = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f]*$", max_length=200)]
WHO = "who decides, for the record"
_MODEL = "4ed3983f474c604d43fcad03ce1ba5ba3c3a823651f24e72977be49fd64cdbaa"


class RegisteredModel(Resource):
    """A model whose file and manifest are here."""

    model_config = ConfigDict(
        frozen=True,
        json_schema_extra={
            "examples": [
                {
                    "model_sha256": _MODEL,
                    "name": "crack-227",
                    "size_bytes": 284_144,
                    "tile_px": 227,
                    "manifest_sha256": "c0" * 32,
                    "registered_by": "the inspector",
                    "registered_utc": "2026-11-27T10:00:00Z",
                }
            ]
        },
    )

    model_sha256: str
    name: str
    size_bytes: int
    tile_px: int
    manifest_sha256: str = Field(description="SHA-256 of the manifest, byte for byte")
    registered_by: str
    registered_utc: str


class _Order(Resource):
    model_config = ConfigDict(frozen=True, extra="forbid")


class PinOrder(_Order):
    """Which model an inspection is to use."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", json_schema_extra={"examples": [{"model_sha256": _MODEL, "by": "the inspector"}]}
    )

    model_sha256: Sha256
    by: Who = Field(default="", description=WHO)


class RescoreOrder(_Order):
    """What is to be scored again: an inspection, or one scan of it."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"inspection_id": "73412194-2af6-5abf-8792-40bc185f0499", "model_sha256": _MODEL, "by": "the inspector"}
            ]
        },
    )

    inspection_id: UUID
    scan_id: UUID | None = Field(default=None, description="only this scan of it")
    model_sha256: Sha256
    use_when_complete: bool = Field(
        default=False,
        description="make the new analyses current as soon as every frame has new scores; without it, or where a frame "
        "cannot be scored again, they become so only when asked",
    )
    by: Who = Field(default="", description=WHO)


class UseOrder(_Order):
    """Make what was scored again current."""

    incomplete: bool = Field(
        default=False, description="also where frames have no new scores: these show nothing any more"
    )
    by: Who = Field(default="", description=WHO)


class Frames(Resource):
    """How far it is, in frames."""

    total: int
    waiting: int = Field(description="nobody has them")
    taken: int = Field(description="a worker has them")
    done: int = Field(description="they have scores of that model")
    failed: int = Field(description="a worker tried and could not")
    not_possible: int = Field(description="cannot be scored again, as where the picture was not kept")
    causes: dict[str, int] = Field(description="why frames are not possible or failed")


class RescoreItem(Resource):
    """Frames of an inspection, to be scored again by one model."""

    model_config = ConfigDict(
        frozen=True,
        json_schema_extra={
            "examples": [
                {
                    "rescore": 1,
                    "inspection_id": "73412194-2af6-5abf-8792-40bc185f0499",
                    "model_sha256": _MODEL,
                    "model": "crack-227",
                    "use_when_complete": False,
                    "decided_by": "the inspector",
                    "decided_utc": "2026-11-27T10:00:00Z",
                    "finished": False,
                    "current": False,
                    "frames": {
                        "total": 120,
                        "waiting": 60,
                        "taken": 8,
                        "done": 40,
                        "failed": 0,
                        "not_possible": 12,
                        "causes": {"the picture was not kept": 12},
                    },
                }
            ]
        },
    )

    rescore: int
    inspection_id: UUID
    model_sha256: str
    model: str
    use_when_complete: bool
    decided_by: str
    decided_utc: str
    finished: bool = Field(description="no frame waits any more")
    current: bool = Field(description="whether lists, map and coverage show the new analyses")
    frames: Frames


class Side(Resource):
    """What one analysis says at one threshold."""

    detections: int
    area_m2: float | None = Field(
        description="of the union of its detections: on the surface where frames are placed, else in each photograph; "
        "null where no frame has a scale"
    )


class AtThreshold(Resource):
    """Both analyses at one threshold."""

    of: Literal["before", "after"] = Field(description="whose threshold it is")
    threshold: float
    before: Side
    after: Side
    new: int = Field(description="tiles that only the new analysis detects")
    lost: int = Field(description="tiles that only the old one detected")


class ScanComparison(Resource):
    """One scan before and after."""

    scan_id: UUID
    surface: str
    model_before: str | None = Field(description="null: nothing else ever scored it")
    analysis_before: UUID | None
    analysis_after: UUID
    frames: int = Field(description="that both analyses scored; only these are compared")
    same_grid: bool = Field(
        description="whether both have the same tiles; else a tile counts as found by the other where its middle lies "
        "in a detection of the other"
    )
    at: list[AtThreshold]


class Comparison(Resource):
    """What a re-scoring changed."""

    rescore: int
    model: str
    scans: list[ScanComparison]


class Settled(Resource):
    """What became of a worker's scores."""

    stored: bool = Field(description="false: the frame had been settled before, and nothing was changed")
