"""What routes ask for must not cost them a thread."""

import inspect
from typing import Any, get_args

import pytest
from fastapi.params import Depends

from crackmap_server.routes import dependencies, detections, frames, revisions
from crackmap_server.routes.dependencies import Reading

ASKED_FOR = {
    name: marker.dependency
    for module in (dependencies, detections, frames, revisions)
    for name, value in vars(module).items()
    for marker in get_args(value)[1:]
    if isinstance(marker, Depends)
}


def test_they_are_found() -> None:
    assert {"SettingsOf", "WriterOf", "NotesOf", "PairsOf", "Asked", "WantedOf", "ChangeOf"} <= ASKED_FOR.keys()


@pytest.mark.parametrize("name", sorted(ASKED_FOR.keys() - {"Reading"}))
def test_only_what_reads_the_database_waits_for_a_thread(name: str) -> None:
    """FastAPI runs each function that is not async in a thread of its own: a tenth of a millisecond when idle."""
    function: Any = ASKED_FOR[name]
    reads = any(parameter.annotation == Reading for parameter in inspect.signature(function).parameters.values())
    assert inspect.iscoroutinefunction(function) != reads
