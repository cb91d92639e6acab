"""One model after the other: a scanner for each, changed between frames."""

import logging
from contextlib import ExitStack
from types import TracebackType
from typing import Self

from crackmap.errors import CrackmapError
from crackmap_robot.classifier import Classifier, TileScorer
from crackmap_robot.daemon.condition import Condition
from crackmap_robot.daemon.following import Following, first_model
from crackmap_robot.daemon.settings import RobotSettings
from crackmap_robot.dense import open_classifier
from crackmap_robot.placing import Placing
from crackmap_robot.registry.client import RegistryClient
from crackmap_robot.registry.followed import Followed
from crackmap_robot.scan import Scanner
from crackmap_robot.scan_run import scanner_for

_log = logging.getLogger(__name__)


class Turns:
    """Holds the scanner whose turn it is. A context manager, used by the main thread."""

    def __init__(self, settings: RobotSettings, followed: Followed | None, condition: Condition) -> None:
        """`followed`: None where the model of robot.toml is the only one. Raises InputError when none can be used."""
        self._settings, self._followed, self._condition = settings, followed, condition
        model = settings.model
        self._classifier: TileScorer
        if followed is None:
            self._classifier = open_classifier(model.file, model.threads, model.runtime, overlap=model.overlap)
        else:
            self._classifier = first_model(model, followed, condition)
        self._following: Following | None = None
        self._scanner: Scanner | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._classifier.__exit__(kind, error, trace)

    @property
    def scanner(self) -> Scanner:
        """Whose turn it is."""
        assert self._scanner is not None, "`first` comes first"
        return self._scanner

    def first(self, placing: Placing | None) -> Scanner:
        """The first scanner. Raises InputError for poses, tags or a camera file that cannot be used."""
        self._scanner = scanner_for(self._settings.scan_settings(), self._classifier, placing)
        self._tell()
        return self._scanner

    def follow(self, opened: ExitStack) -> None:
        """Begin to ask the server, where that is wanted."""
        server = self._settings.keep.server
        if self._followed is not None and server is not None:
            inspection_id = self.scanner.headers.scan.inspection_id
            self._following = opened.enter_context(
                Following(
                    RegistryClient(server, self._settings.access),
                    inspection_id,
                    self._settings.model,
                    self._followed,
                    self._condition,
                )
            )

    @property
    def ready(self) -> bool:
        """Whether there is another model to change to."""
        return self._following is not None and self._following.ready is not None

    def change(self) -> Scanner:
        """Change to the model that is ready; where it cannot be used after all, go on with the one that runs.

        A new analysis begins: the source is gone through again, as after a start with another `model.file`.
        """
        following = self._following
        path = None if following is None else following.ready
        if following is None or path is None:
            return self.scanner
        model, before = self._settings.model, self._classifier
        with ExitStack() as failed:
            try:
                classifier = failed.enter_context(Classifier(path, model.threads, model.runtime))
                # The places stay those of this run: only the scores are new.
                scanner = scanner_for(self._settings.scan_settings(), classifier, self.scanner.placing)
                following.taken(good=True)
            except CrackmapError as error:
                self._condition.refuse_model(f"{error} {before.manifest.name} goes on")
                following.taken(good=False)
                return self.scanner
            failed.pop_all()
        before.__exit__(None, None, None)
        self._classifier, self._scanner = classifier, scanner
        self._condition.model_changes += 1
        self._tell()
        _log.info("model changed", extra={"model": classifier.manifest.name, "before": before.manifest.name})
        return scanner

    def _tell(self) -> None:
        manifest = self._classifier.manifest
        self._condition.model, self._condition.model_sha256 = manifest.name, manifest.sha256
