"""Which registered model this robot uses, over restarts and power cuts, and which one it used before."""

from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from crackmap.failpoints import failpoint
from crackmap.manifest import Sha256
from crackmap_robot.registry.kept_models import model_path, tidy, write_file

NAME = "followed.json"


class _State(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    current: Sha256 | None = None
    previous: Sha256 | None = None


@dataclass(frozen=True)
class Followed:
    """The folder of registered models with a file that says which one is used; None is the model of robot.toml."""

    folder: Path

    @property
    def current(self) -> str | None:
        """SHA-256 of the model that is used."""
        return self._state().current

    @property
    def previous(self) -> str | None:
        """SHA-256 of the one before it, which stays."""
        return self._state().previous

    def candidates(self, own: Path) -> list[tuple[str | None, Path]]:
        """What to try at the start, in this order: current, previous, the model of robot.toml."""
        state = self._state()
        kept = dict.fromkeys(sha256 for sha256 in (state.current, state.previous) if sha256 is not None)
        return [*((sha256, model_path(self.folder, sha256)) for sha256 in kept), (None, own)]

    def adopt(self, sha256: str | None) -> None:
        """Use that model from now on; the one before it stays on the disk. Raises StorageError."""
        before = self._state()
        if sha256 == before.current:
            return
        failpoint("model.before_adopt")
        write_file(self.folder / NAME, _State(current=sha256, previous=before.current).model_dump_json().encode())
        failpoint("model.after_adopt")

    def tidy(self, coming: str) -> None:
        """Remove what was left half written, and models but the current one, the one before it and the one to come."""
        state = self._state()
        tidy(self.folder, {kept for kept in (state.current, state.previous, coming) if kept is not None})

    def _state(self) -> _State:
        try:
            return _State.model_validate_json((self.folder / NAME).read_bytes())
        except (OSError, ValidationError):  # there is none yet, or a person changed it: the server will say again
            return _State()
