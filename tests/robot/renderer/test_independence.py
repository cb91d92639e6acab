"""The renderer is an independent truth: it imports numpy, cv2, the standard library, crackmap's errors and itself."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

import crackmap_robot.renderer

FILES = sorted(Path(crackmap_robot.renderer.__file__).parent.glob("*.py"))
OURS = ("crackmap.errors", "crackmap_robot.renderer")
NEVER = {"socket", "sqlite3", "time", "datetime"}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_imports(file: Path) -> None:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        for name in names:
            top = name.split(".")[0]
            allowed = top in {"numpy", "cv2"} or top in sys.stdlib_module_names - NEVER or name.startswith(OURS)
            assert allowed, f"{file.name} imports {name}"


@pytest.mark.parametrize("word", ["undistort", "projectPoints", "initUndistort", "solvePnP"])
def test_opencv_knows_nothing_of_our_lens(word: str) -> None:
    assert not any(f"cv2.{word}" in file.read_text(encoding="utf-8") for file in FILES)
