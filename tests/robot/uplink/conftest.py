"""A server that answers as a test tells it, and an outbox for it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from crackmap_robot.cameras.folder import open_folder
from crackmap_robot.classifier import Classifier
from crackmap_robot.evidence import Frames
from crackmap_robot.headers import Headers, analysis, recording
from crackmap_robot.outbox import Outbox
from crackmap_robot.placing import ByScale
from crackmap_robot.scan import Scanner, Scored

from .script import Script, answering


@pytest.fixture
def server() -> Iterator[Script]:
    with answering() as script:
        yield script


@pytest.fixture
def outbox(tmp_path: Path, classifier: Classifier, photographs: Path) -> Iterator[Outbox]:
    """Six reports with their photographs."""
    scan = recording("bridge", "north", "2026", None)
    headers = Headers(scan, analysis(scan, classifier.manifest, 32, 0.9), None)
    stages = Scanner(headers, ByScale(0.5), Frames.ALL, classifier.score, classifier.manifest.mm_per_px)
    with Outbox(tmp_path / "outbox.sqlite") as outbox:
        for result in stages.reports(open_folder(photographs).frames(), frozenset(), outbox.report):
            assert isinstance(result, Scored)
            outbox.add(headers, headers.key(result.photo), result.report, result.pictures)
        yield outbox
