"""Every route of the app is in the table of roles, and lets in whom the table says, and nobody else."""

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.routing import iter_route_contexts
from starlette.routing import Mount

from crackmap_server.app import create_app
from crackmap_server.people import route_roles
from crackmap_server.people.roles import Role
from crackmap_server.people.route_roles import PUBLIC, ROUTES, entry
from crackmap_server.settings import Settings

NOBODY = None
NO_ID = "00000000-0000-0000-0000-000000000000"


def routes_of(app: Any) -> Iterator[str]:
    """`METHOD /path` of everything that the app answers."""
    for context in iter_route_contexts(app.routes):
        if isinstance(context.original_route, Mount):
            yield from (f"{method} {context.path}/{{path:path}}" for method in ("GET", "HEAD"))
        else:
            yield from (f"{method} {context.path}" for method in context.methods or ())


def test_every_route_is_in_the_table_and_the_other_way_round(settings: Settings) -> None:
    """Add the line of a new route to `people/route_roles.py`."""
    assert sorted(routes_of(create_app(settings))) == sorted(ROUTES)


def address(route: str, sha256: str) -> tuple[str, str]:
    method, path = route.split(" ")
    for name, value in (
        ("{sha256}", sha256),
        ("{path:path}", "index.html"),
        *((f"{{{kind}_id}}", NO_ID) for kind in ("key", "user", "frame", "surface")),
    ):
        path = path.replace(name, value)
    return method, path


def test_each_role_gets_as_far_as_the_table_says(staff: Any, wall: Any) -> None:
    """What a route makes of an empty request does not matter, once it is reached."""
    report = wall.report(1)
    assert staff.deliver("robot", wall.batch(report)).status_code == 200
    tried = 0
    for route, roles in ROUTES.items():
        method, path = address(route, report.frame.image.sha256)
        for who in (NOBODY, *Role):
            staff.client.cookies.clear()
            status = staff.ask(who, method, path, follow_redirects=False).status_code
            tried += 1
            if roles is PUBLIC or who in roles:
                assert status not in {401, 403}, f"{who} is kept from {route}"
            elif who is NOBODY:
                assert status == (303 if path == "/" else 401), f"anybody gets to {route}"
            else:
                assert status == 403, f"{who} gets to {route}"
    assert tried == len(ROUTES) * (len(Role) + 1)


def test_what_the_table_does_not_know_is_refused_even_where_a_route_exists(staff: Any) -> None:
    @staff.client.app.get("/v1/forgotten")
    def forgotten() -> str:
        return "what nobody may see"

    for who in (NOBODY, *Role):
        answer = staff.ask(who, "GET", "/v1/forgotten")
        assert answer.status_code == (401 if who is NOBODY else 404)
        assert "nobody may see" not in answer.text


@pytest.mark.parametrize(
    "path", ["/V1/frames", "/v1/frames/", "//v1/frames", "/v1/./frames", "/v1/frames%2f", "/%2fv1"]
)
def test_other_spellings_of_a_path_open_nothing(staff: Any, path: str) -> None:
    assert staff.ask(NOBODY, "GET", path).status_code == 401
    assert staff.ask("robot", "GET", path).status_code in {403, 404}


def test_other_methods_open_nothing(staff: Any) -> None:
    for method in ("DELETE", "PATCH", "TRACE", "OPTIONS", "FRAMES"):
        assert staff.ask(NOBODY, method, "/v1/frames").status_code == 401
        assert staff.ask("admin", method, "/v1/frames").status_code == 405


def test_where_two_lines_match_both_must_allow(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = {"GET /a/{name}": frozenset({Role.VIEWER, Role.ADMIN}), "GET /a/b": frozenset({Role.ADMIN, Role.ROBOT})}
    monkeypatch.setattr(route_roles, "ROUTES", lines)
    monkeypatch.setattr(route_roles, "_PATTERNS", route_roles.patterns(lines))
    both = entry("GET", "/a/b")
    assert both is not None
    assert both.roles == {Role.ADMIN}
    assert entry("GET", "/c") is None


def test_who_watches_over_it_needs_no_key_and_learns_nothing(staff: Any, wall: Any) -> None:
    staff.deliver("robot", wall.batch(wall.report(1)))
    for path in ("/healthz", "/readyz"):
        for key in ({}, {"Authorization": "Bearer wrong"}):
            answer = staff.client.get(path, headers=key)
            assert answer.status_code == 200
            assert answer.json().keys() == {"status", "version", "database"}


def test_the_document_says_where_a_key_is_needed(staff: Any) -> None:
    document = staff.client.app.openapi()
    assert document["components"]["securitySchemes"].keys() == {"key", "session"}
    assert document["security"] == [{"key": []}, {"session": []}]
    described = {
        f"{method.upper()} {path}": operation
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
    }
    public = {route for route, operation in described.items() if operation.get("security") == []}
    assert public == {route for route in described if ROUTES[route] is PUBLIC}
    assert public >= {"GET /healthz", "POST /v1/session"}
