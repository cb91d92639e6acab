"""`crackmap models rescore` and its neighbours, from what was given to what is printed."""

import getpass
import json
import os
import re
import socket
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2

from crackmap.errors import SettingError
from crackmap_robot.classifier import chosen_model
from crackmap_robot.interrupts import stop_on_signal
from crackmap_robot.registry.client import Refusal, RegistryClient
from crackmap_robot.registry.comparison_table import lines
from crackmap_robot.registry.worker import Worker, work
from crackmap_robot.runtimes import Runtime

STOPPED = 130


@dataclass(frozen=True)
class Order:
    """What is to be scored again; without a model and an inspection: whatever waits."""

    model: str | None
    inspection: str | None
    scan: str | None
    use: bool
    by: str

    def __post_init__(self) -> None:
        """Raises SettingError."""
        if (self.model is None) != (self.inspection is None):
            raise SettingError("--model and --inspection go together; without both, whatever waits is scored.")
        if self.model is None and (self.scan or self.use):
            raise SettingError("--scan and --use go with --model and --inspection.")


def who(given: str) -> str:
    """A name for the record."""
    if given:
        return given
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container's user may have no name
        return ""


def registered(client: RegistryClient, model: str, by: str) -> str:
    """SHA-256 of a model that was given as one, or as a file, which is registered.

    Raises InputError, Refusal, RegistryAway.
    """
    return model if re.fullmatch("[0-9a-f]{64}", model) else client.register(chosen_model(Path(model)), by)


def run_rescore(
    client: RegistryClient, order: Order, threads: int, runtime: Runtime, to: Path | None, *, ask_only: bool
) -> Iterator[tuple[str, int]]:
    """Ask if something is to be asked for, work, compare. Lines for people, each with an exit code."""

    def say(text: str) -> None:
        print(text, file=sys.stderr, flush=True)  # noqa: T201 - progress is for whoever waits

    worker = Worker(f"{socket.gethostname()}:{os.getpid()}"[:200], threads, runtime, say)
    with client, stop_on_signal() as stop:
        asked = _ask(client, order) if order.model is not None else None
        if asked is not None:
            yield f"re-scoring {asked}: asked for", 0
        if ask_only:
            return
        done = work(client, worker, asked, stop)
        rescores = done.rescores if asked is None else [asked]
        if not rescores:
            yield "nothing waits", 0
        found = [_compared(client, rescore) for rescore in rescores]
    for comparison, progress in found:
        frames = progress["frames"]
        code = 2 if frames["failed"] or frames["not_possible"] else 0
        for line in lines(comparison, progress):
            yield line, code
    if to is not None:
        to.write_text(
            json.dumps([(comparison or {}) | {"progress": progress} for comparison, progress in found], indent=1)
        )
    yield (
        f"this worker: {done.frames} frames, {done.tiles:,} tiles, {done.tiles_per_s:,.0f} tiles/s",
        STOPPED if stop.is_set() else 0,
    )


def _ask(client: RegistryClient, order: Order) -> int:
    assert order.model is not None, "only asked then"
    assert order.inspection is not None, "Order asks for both"
    body = {
        "inspection_id": str(client.inspection(order.inspection)),
        "scan_id": order.scan,
        "model_sha256": registered(client, order.model, who(order.by)),
        "use_when_complete": order.use,
        "by": who(order.by),
    }
    return int(client.order(body)["rescore"])


def _compared(client: RegistryClient, rescore: int) -> tuple[dict[str, Any] | None, dict[str, Any]]:
    """None where the key is a worker's, which may see no more of the log than its work takes."""
    progress = client.progress(rescore)
    try:
        return client.comparison(rescore), progress
    except Refusal as refused:
        if refused.status != httpx2.codes.FORBIDDEN:
            raise
        return None, progress
