"""Every refusal has a status, and none says more than it should."""

import ast
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy.exc import TimeoutError as NoConnection

import crackmap_server
from crackmap_server import errors
from crackmap_server.app import create_app
from crackmap_server.errors import RETRY_AFTER_S, STATUS, ServerError
from crackmap_server.upgrade import prepared

SECRET = "the password is 1234"


def test_the_table_of_statuses_is_complete() -> None:
    assert set(STATUS) == set(ServerError.__subclasses__())
    assert set(RETRY_AFTER_S) == {error for error, status in STATUS.items() if status in {429, 503, 507}}
    assert all(error.__doc__ for error in STATUS)


def test_every_error_of_the_drawing_exists_and_the_other_way_round() -> None:
    drawing = errors.__doc__ or ""
    named = {name for name, value in vars(errors).items() if isinstance(value, type)}
    assert all(name in drawing for name in named)


@pytest.mark.parametrize("error", sorted(STATUS, key=lambda error: error.__name__))
def test_each_refusal_is_a_problem(settings: Any, error: type[ServerError]) -> None:
    app = create_app(settings)

    @app.get("/refuse")
    def refuse() -> None:
        raise error("in words for the client")

    with prepared(settings), TestClient(app, base_url="http://localhost") as client:
        response = client.get("/refuse")
    assert response.status_code == STATUS[error]
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["detail"] == "in words for the client"
    assert response.json()["status"] == STATUS[error]
    wait_s = RETRY_AFTER_S.get(error)
    assert response.headers.get("retry-after") == (None if wait_s is None else str(wait_s))


def test_a_fault_of_ours_never_echoes_what_it_says(settings: Any) -> None:
    app = create_app(settings)

    @app.get("/fail")
    def fail() -> None:
        raise RuntimeError(SECRET)

    with prepared(settings), TestClient(app, base_url="http://localhost", raise_server_exceptions=False) as client:
        response = client.get("/fail")
    assert response.status_code == 500
    assert response.headers["content-type"] == "application/problem+json"
    assert SECRET not in response.text


def test_a_fault_while_storing_never_echoes_what_it_says(
    settings: Any, wall: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_arguments: Any) -> None:
        raise RuntimeError(SECRET)

    monkeypatch.setattr("crackmap_server.routes.reports.store_delivery", fail)
    with (
        prepared(settings),
        TestClient(create_app(settings), base_url="http://localhost", raise_server_exceptions=False) as client,
    ):
        response = client.post("/v1/reports", content=wall.batch(wall.report(1)).model_dump_json())
    assert response.status_code == 500
    assert SECRET not in response.text


def test_a_database_that_fails_under_a_reader_is_no_fault_of_ours(server: Any) -> None:
    file = server.settings.sqlite_file
    server.client.app.state.engines.reader.dispose()
    file.rename(file.with_name("away"))
    file.mkdir()
    response = server.client.get("/v1/frames")
    assert response.status_code == 503
    assert "log.sqlite" not in response.text


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("get", "/nothing", 404), ("delete", "/v1/frames", 405), ("get", "/v1/frames/x", 422)],
)
def test_what_the_framework_refuses_is_a_problem_too(server: Any, method: str, path: str, status: int) -> None:
    response = getattr(server.client, method)(path)
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["detail"]


def test_no_broad_except_without_a_reason() -> None:
    for path in Path(crackmap_server.__file__).parent.rglob("*.py"):
        lines = path.read_text().splitlines()
        for node in ast.walk(ast.parse("\n".join(lines))):
            broad = isinstance(node, ast.ExceptHandler) and (node.type is None or ast.unparse(node.type) == "Exception")
            if broad and not any(isinstance(part, ast.Raise) for part in ast.walk(node)):
                assert "noqa: BLE001 - " in lines[node.lineno - 1], f"{path}:{node.lineno}"


def test_too_many_readers_are_asked_to_come_back(settings: Any) -> None:
    app = create_app(settings)

    @app.get("/crowded")
    def crowded() -> None:
        raise NoConnection

    with prepared(settings), TestClient(app, base_url="http://localhost") as client:
        response = client.get("/crowded")
    assert response.status_code == 503
    assert response.headers["retry-after"]
    assert "ask again later" in response.json()["detail"]
