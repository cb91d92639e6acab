"""Reading, classifying and keeping at the same time: a slow disk costs no frame its turn at the model."""

from collections.abc import Generator, Iterator
from pathlib import Path

from crackmap.messages import Report
from crackmap_robot.cameras.camera import Quiet, Refused, Shot
from crackmap_robot.headers import Key
from crackmap_robot.outbox import Outbox
from crackmap_robot.scan import Known, Scanner, Scored, one_ahead

Result = Scored | Known | Refused | Quiet


class Pipeline:
    """A scanner's results, each made in a thread while the caller keeps the one before.

    photographs ─▶ thread: read, decode ─▶ thread: place, classify ─▶ caller: keep
    """

    def __init__(self, scanner: Scanner, outbox: Path, known: frozenset[Key]) -> None:
        """`known`: of the reports that are in the outbox already."""
        self._scanner, self._outbox, self._known = scanner, outbox, known
        self._in_hand: dict[Key, Report] = {}

    def results(self, source: Iterator[Shot]) -> Generator[Result]:
        """One for each photograph, in order. The caller calls `kept` once it has kept a new report."""
        return one_ahead(self._results(source))

    def kept(self, key: Key) -> None:
        """That report is in the outbox."""
        self._in_hand.pop(key, None)

    def _results(self, source: Iterator[Shot]) -> Iterator[Result]:
        with Outbox(self._outbox) as outbox:

            def stored(key: Key) -> Report | None:
                # A copy of the frame before it may come while that one is still being kept.
                return self._in_hand.get(key) or outbox.report(key)

            headers = self._scanner.headers
            for result in self._scanner.reports(source, self._known, stored):
                if isinstance(result, Scored):
                    self._in_hand[headers.key(result.photo)] = result.report
                yield result
