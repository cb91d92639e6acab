"""Puts the shipped models into the robot's wheel, as `crackmap_robot/shipped/`.

They lie in `models/shipped/` once, for the model maker. An editable install reads them there, so it takes no copy.
"""

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class ShippedModels(BuildHookInterface[Any]):
    """Adds the models to wheels and source distributions."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "editable":
            return
        inside = Path(self.root) / "crackmap_robot" / "shipped"  # in an unpacked source distribution
        checkout = Path(self.root).parent / "models" / "shipped"
        if not inside.exists():
            build_data["force_include"][str(checkout)] = "crackmap_robot/shipped"
