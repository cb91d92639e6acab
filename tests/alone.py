"""Run by `make test-robot` and `make test-server`, in an environment that holds only that part's wheels.

python -P tests/alone.py robot|server
"""

import importlib
import pkgutil
import sys
from importlib.util import find_spec
from pathlib import Path

PART = sys.argv[1]
FORBIDDEN = {
    "robot": ("crackmap_server", "fastapi", "sqlalchemy"),
    "server": ("crackmap_robot", "cv2", "ai_edge_litert"),
}
MUST_HOLD = {
    "robot": (
        "shipped/crack-227.tflite",
        "shipped/crack-227.json",
        "shipped/crack-256.tflite",
        "shipped/crack-256.json",
    ),
    "server": ("web/index.html", "web/leaflet/leaflet.js", "migrations/env.py", "migrations/versions/0001_first.py"),
}

present = [name for name in (*FORBIDDEN[PART], "tensorflow", "robot", "server", "tests") if find_spec(name) is not None]
if present:
    sys.exit(f"the environment of the {PART} must not hold {', '.join(present)}")

imported = 0
for name in ("crackmap", f"crackmap_{PART}"):
    package = importlib.import_module(name)
    for module in pkgutil.walk_packages(package.__path__, f"{name}."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
            imported += 1

folder = Path(importlib.import_module(f"crackmap_{PART}").__path__[0])
missing = [file for file in MUST_HOLD[PART] if not (folder / file).is_file()]
if missing:
    sys.exit(f"the wheel does not hold {', '.join(missing)}")
print(f"the {PART} stands alone: {imported} modules imported, {len(MUST_HOLD[PART])} data files inside")
