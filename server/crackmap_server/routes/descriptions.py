"""What people say of surfaces and inspections."""

from uuid import UUID

from fastapi import APIRouter, Response

from crackmap_server.additions.inspection_conditions import InspectionConditions
from crackmap_server.additions.surface_descriptions import SurfaceDescription
from crackmap_server.errors import BadRequest, NotFound
from crackmap_server.resources import Kept
from crackmap_server.routes.dependencies import Reading, problems
from crackmap_server.routes.revisions import ChangeOf, made, of_owner, read_one, read_versions, write

router = APIRouter(tags=["descriptions"])


@router.get(
    "/v1/surfaces/{surface_id}/description",
    responses=problems(BadRequest, NotFound),
    summary="Element, boundary and placement of a surface",
)
def get_surface_description(surface_id: UUID, connection: Reading, response: Response) -> Kept[SurfaceDescription]:
    """In its last version, whose number is the ETag; 404 until one is written."""
    return read_one(connection, SurfaceDescription, surface_id, response)


@router.put("/v1/surfaces/{surface_id}/description", responses=made("description"), summary="Describe a surface")
def put_surface_description(
    *, surface_id: UUID, content: SurfaceDescription, change: ChangeOf, response: Response
) -> Kept[SurfaceDescription]:
    """All of it at once: what is left out is taken away. A change needs If-Match."""
    of_owner(surface_id, content.surface_id, "surface_id")
    return write(surface_id, content, change, response)


@router.get(
    "/v1/surfaces/{surface_id}/description/versions",
    responses=problems(BadRequest, NotFound),
    summary="All versions of a surface's description",
)
def get_surface_description_versions(surface_id: UUID, connection: Reading) -> list[Kept[SurfaceDescription]]:
    """The first one first."""
    return read_versions(connection, SurfaceDescription, surface_id)


@router.get(
    "/v1/inspections/{inspection_id}/conditions",
    responses=problems(BadRequest, NotFound),
    summary="Conditions of an inspection",
)
def get_inspection_conditions(
    inspection_id: UUID, connection: Reading, response: Response
) -> Kept[InspectionConditions]:
    """In its last version, whose number is the ETag; 404 until one is written."""
    return read_one(connection, InspectionConditions, inspection_id, response)


@router.put(
    "/v1/inspections/{inspection_id}/conditions",
    responses=made("conditions"),
    summary="Say under which conditions an inspection took place",
)
def put_inspection_conditions(
    *, inspection_id: UUID, content: InspectionConditions, change: ChangeOf, response: Response
) -> Kept[InspectionConditions]:
    """All of it at once: what is left out is taken away. A change needs If-Match."""
    of_owner(inspection_id, content.inspection_id, "inspection_id")
    return write(inspection_id, content, change, response)


@router.get(
    "/v1/inspections/{inspection_id}/conditions/versions",
    responses=problems(BadRequest, NotFound),
    summary="All versions of an inspection's conditions",
)
def get_inspection_conditions_versions(inspection_id: UUID, connection: Reading) -> list[Kept[InspectionConditions]]:
    """The first one first."""
    return read_versions(connection, InspectionConditions, inspection_id)
