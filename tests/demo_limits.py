"""Run by CI on the figures that `crackmap demo --once --json FILE` wrote: a demo that finds little is a broken one."""

import json
import sys
from pathlib import Path

figures = json.loads(Path(sys.argv[1]).read_text())
print(json.dumps(figures, indent=2))
