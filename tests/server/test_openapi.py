"""The OpenAPI document is right, and the server keeps to it."""

import os
from pathlib import Path
from typing import Any

import hypothesis
import schemathesis
from schemathesis import Case
from schemathesis.config import SchemathesisConfig
from schemathesis.specs.openapi.checks import positive_data_acceptance

from crackmap.messages import ReportBatch
from crackmap_server import resources
from crackmap_server.app import create_app
from crackmap_server.openapi import example
from crackmap_server.people import resources as people_resources
from crackmap_server.people.manage import make_key, make_user
from crackmap_server.settings import Settings

EXAMPLES = 8 * int(os.environ.get("CRACKMAP_PROVE", "1"))  # of each operation


def test_every_operation_is_described_and_declares_its_errors(settings: Any) -> None:
    for path, operations in create_app(settings).openapi()["paths"].items():
        for method, operation in operations.items():
            assert operation["summary"], path
            assert operation["tags"], path
            assert "503" in operation["responses"], f"{method} {path}"
            for parameter in operation.get("parameters", []):
                assert parameter.get("description") or parameter["name"].endswith(("_id", "_px")), (path, parameter)
            for status, response in operation["responses"].items():
                problem = response["content"].keys() == {"application/problem+json"} if "content" in response else False
                assert problem == (status >= "400"), f"{method} {path} {status}"


def test_every_example_is_what_it_is_an_example_of() -> None:
    shown = [
        kind
        for module in (resources, people_resources)
        for kind in vars(module).values()
        if isinstance(kind, type) and hasattr(kind, "model_config")
    ]
    examples = [
        (kind, example)
        for kind in shown
        for example in (kind.model_config.get("json_schema_extra") or {}).get("examples", [])
    ]
    assert len(examples) >= 10
    for kind, one in examples:
        kind.model_validate(one)


def test_the_example_of_a_delivery_is_stored(server: Any) -> None:
    assert server.deliver(example()) == ["stored"]


def test_every_reference_leads_somewhere_and_to_the_right_thing(settings: Any) -> None:
    document = create_app(settings).openapi()
    schemas = document["components"]["schemas"]

    def references(part: Any) -> set[str]:
        if isinstance(part, dict):
            own = {part["$ref"]} if isinstance(part.get("$ref"), str) else set()
            return own.union(*map(references, part.values()))
        return set().union(*map(references, part)) if isinstance(part, list) else set()

    assert {name.removeprefix("#/components/schemas/") for name in references(document)} <= set(schemas)
    assert (
        schemas["Frame"]["properties"].keys() == ReportBatch.model_json_schema()["$defs"]["Frame"]["properties"].keys()
    )


def test_the_server_keeps_to_its_document(start: Any, wall: Any, tmp_path: Path) -> None:
    """Made-up requests for each operation: nothing is answered that is not declared, and nothing breaks.

    A schema cannot say which cursors are this list's, or that a box has u0 <= u1: a 422 for those is right.
    """
    settings = Settings(database=f"sqlite:///{tmp_path}/log.sqlite")
    make_user(settings, "admin", "admin", "correct horse battery")
    key = {"Authorization": f"Bearer {make_key(settings, robot=None, user='admin')}"}
    process = start()
    process.client.headers.update(key)
    process.client.post("/v1/reports", content=wall.batch(wall.report(1), wall.report(2)).model_dump_json())
    process.client.put(f"/v1/evidence/{wall.sha256(wall.picture(1))}", content=wall.picture(1))
    config = SchemathesisConfig.from_dict({"generation": {"max-examples": EXAMPLES}})
    schema = schemathesis.openapi.from_url(f"{process.client.base_url}/openapi.json", config=config, headers=key)
    operations = [operation.ok() for operation in schema.get_all_operations()]
    assert {"POST /v1/reports", "GET /metrics"} <= {operation.label for operation in operations}
    for operation in operations:

        @hypothesis.settings(max_examples=EXAMPLES, suppress_health_check=list(hypothesis.HealthCheck), database=None)
        @hypothesis.given(case=operation.as_strategy())
        def keeps(case: Case) -> None:
            case.call_and_validate(headers=key, timeout=60, excluded_checks=[positive_data_acceptance])

        keeps()
