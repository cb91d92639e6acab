"""Run by `make test-robot` in an environment that holds only the robot's wheels: it must stand alone."""

import importlib
import pkgutil
import sys
from importlib.util import find_spec

import crackmap
import crackmap_robot

FORBIDDEN = ("crackmap_server", "fastapi", "sqlalchemy", "tensorflow", "robot", "server", "tests")

present = [name for name in FORBIDDEN if find_spec(name) is not None]
if present:
    sys.exit(f"the robot's environment must not hold {', '.join(present)}")

imported = 0
for package in (crackmap, crackmap_robot):
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
            imported += 1

from crackmap_robot.classifier import shipped_model  # noqa: E402 - only after the check above

if not shipped_model().is_file():
    sys.exit("the wheel does not hold the shipped model")
print(f"the robot stands alone: {imported} modules imported, {shipped_model().name} inside")
