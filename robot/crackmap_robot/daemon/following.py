"""The daemon's thread that follows the server: it fetches the model that is pinned for the inspection, and tests it.

asked ─▶ fetched ─▶ hash and manifest ─▶ tested in a process of its own ─▶ ready: the main thread changes to it
"""

import hashlib
import logging
from pathlib import Path
from threading import Event, Thread
from types import TracebackType
from typing import Self
from uuid import UUID

from crackmap.errors import CrackmapError, InputError, StorageError
from crackmap.manifest import read_manifest
from crackmap.messages.registry import PinnedModel
from crackmap_robot.classifier import Classifier
from crackmap_robot.daemon.condition import Condition
from crackmap_robot.daemon.settings import ModelSection
from crackmap_robot.registry.client import RegistryAway, RegistryClient
from crackmap_robot.registry.followed import Followed
from crackmap_robot.registry.kept_models import model_path, write_model
from crackmap_robot.registry.self_test import check_apart
from crackmap_robot.server_answers import wait_s

START_PATIENCE_S = 30.0
"""For the test of a kept model at the start: systemd waits 90 s, and there may be two of them."""

_log = logging.getLogger(__name__)


def first_model(settings: ModelSection, followed: Followed, condition: Condition) -> Classifier:
    """What the robot used last, if it still can; else what it used before, else `model.file`.

    Raises what the last of them raises.
    """
    *kept, (_, own) = followed.candidates(settings.file)
    for sha256, path in kept:
        try:
            check_apart(path, settings.runtime, START_PATIENCE_S)
            classifier = Classifier(path, settings.threads, settings.runtime)
        except InputError as error:
            condition.refuse_model(f"{error} The one before it is used")
            continue
        followed.adopt(sha256)
        return classifier
    classifier = Classifier(own, settings.threads, settings.runtime)
    followed.adopt(None)
    return classifier


class Following:
    """Asks the server until it is left. A context manager; its thread ends by itself when the daemon does."""

    def __init__(
        self,
        client: RegistryClient,
        inspection_id: UUID,
        settings: ModelSection,
        followed: Followed,
        condition: Condition,
    ) -> None:
        """`condition.model_sha256` is the model that runs."""
        self._client, self._inspection_id = client, inspection_id
        self._settings, self._followed, self._condition = settings, followed, condition
        self._stop = Event()
        self._etag: str | None = None
        self._ready: str | None = None
        self._thread = Thread(target=self._run, name="models", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()

    @property
    def ready(self) -> Path | None:
        """A model that was fetched and passed its test, and is not the one that runs."""
        sha256 = self._ready
        if sha256 is None or sha256 == self._condition.model_sha256:
            return None
        return model_path(self._followed.folder, sha256)

    def taken(self, *, good: bool) -> None:
        """The main thread has changed to what was ready, or could not."""
        sha256, self._ready = self._ready, None
        if good and sha256 is not None:
            self._followed.adopt(sha256)

    def _run(self) -> None:
        failures = 0
        with self._client as client:
            while not self._stop.is_set():
                try:
                    self._ask(client)
                except RegistryAway as away:  # the uplink tells that the server is away
                    failures += 1
                    self._stop.wait(wait_s(failures, away.retry_after_s))
                    continue
                except (InputError, StorageError) as error:  # broken on its way, or no room: it may go better next time
                    failures += 1
                    self._condition.refuse_model(f"{error} Tried again")
                    self._stop.wait(max(wait_s(failures), 1.0))
                    continue
                except CrackmapError as error:
                    self._condition.refuse_model(str(error))
                failures = 0
                self._stop.wait(self._settings.ask_every_s)

    def _ask(self, client: RegistryClient) -> None:
        found = client.pinned(self._inspection_id, self._etag)
        if found is None:
            return
        pinned, etag = found
        if pinned.model_sha256 == self._condition.model_sha256:
            self._ready = None
            self._condition.tell("model_trouble", "")
        else:
            path = self._fetched(client, pinned)
            try:
                check_apart(path, self._settings.runtime)
            except InputError as error:
                self._condition.refuse_model(f"{pinned.name} is pinned and not used: {error}")
            else:
                self._condition.tell("model_trouble", "")
                self._ready = pinned.model_sha256
        self._etag = etag  # asked for again only when the decision changes

    def _fetched(self, client: RegistryClient, pinned: PinnedModel) -> Path:
        """The pinned model on this disk. Raises InputError for what is not what was pinned."""
        path = model_path(self._followed.folder, pinned.model_sha256)
        self._followed.tidy(pinned.model_sha256)
        try:
            read_manifest(path)
        except InputError:
            manifest = client.manifest(pinned.model_sha256)
            if hashlib.sha256(manifest).hexdigest() != pinned.manifest_sha256:
                raise InputError(f"{pinned.name}: its manifest was changed on its way.") from None
            write_model(self._followed.folder, pinned.model_sha256, manifest, client.file(pinned.model_sha256))
            _log.info("model fetched", extra={"model": pinned.name, "sha256": pinned.model_sha256})
        return path
