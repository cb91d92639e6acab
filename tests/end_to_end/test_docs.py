"""The docs are tests: reference pages are what the code says, and commands that the docs show exist."""

import importlib.util
import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [
    "README.md",
    *(str(page.relative_to(ROOT)) for page in sorted((ROOT / "docs").rglob("*.md"))),
    "CONTRIBUTING.md",
]


def _reference():
    spec = importlib.util.spec_from_file_location("write_reference", ROOT / "docs/write_reference.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


REFERENCE = _reference()


@pytest.mark.parametrize("page", sorted(REFERENCE.PAGES))
def test_a_reference_page_is_what_the_code_says(page: str) -> None:
    assert (ROOT / "docs/reference" / page).read_text() == REFERENCE.PAGES[page](), "run `make docs`"


@pytest.mark.parametrize("page", PAGES)
def test_links_inside_the_repository_lead_somewhere(page: str) -> None:
    text = (ROOT / page).read_text()
    links = [link.split("#")[0] for link in re.findall(r"\]\(([^)\s]+)\)", text) if "://" not in link]
    missing = [link for link in links if link and not ((ROOT / page).parent / link).exists()]
    assert not missing


def test_commands_and_options_in_the_docs_exist() -> None:
    known = "".join((ROOT / "docs/reference" / page).read_text() for page in ("commands.md", "models.md"))
    shown = 0
    for page in PAGES:
        # A command may go on behind a backslash.
        text = (ROOT / page).read_text().replace("\\\n", " ")
        for block in re.findall(r"```console\n(.*?)```", text, re.DOTALL):
            for line in re.findall(r"crackmap ((?:scan|robot|server|demo|models)\b[^\n#]*)", block):
                words = line.split()
                # A command has one to three words; what follows is its arguments.
                named = (
                    " ".join(words[:count])
                    for count in (3, 2, 1)
                    if f"## crackmap {' '.join(words[:count])}\n" in known
                )
                name = next(named, line)
                section = known.partition(f"## crackmap {name}\n")[2].partition("\n## ")[0]
                assert section, f"{page}: no command {name!r}"
                for option in re.findall(r"(?<!\S)--[a-z0-9-]+", line):
                    assert re.search(rf"{option}\b", section), f"{page}: {name} has no {option}"
                shown += 1
    assert shown >= 6


def test_figures_in_the_readme_are_those_of_the_shipped_model() -> None:
    manifest = json.loads((ROOT / "models/shipped/crack-227.json").read_text())
    table = re.findall(
        r"^\| ([\w ]+?)(?: \(.*?\))? \| ([\d.]+) \(.*?\) \| ([\d.]+) \| ([\d.]+) \|$",
        (ROOT / "README.md").read_text(),
        re.MULTILINE,
    )
    measured = {(figure["data"].lower(), figure["measure"]): figure["value"] for figure in manifest["figures"]}
    kinds = [
        f"SDNET2018 {surface}{labels}" for surface in ("walls", "pavements", "decks") for labels in (" by eye", "")
    ]
    assert [row[0] for row in table] == ["METU", *kinds]
    for name, *shown in table:
        for measure, text in zip(("AUROC", "recall", "false tiles per m2"), shown, strict=True):
            digits = len(text.partition(".")[2])
            assert text == f"{measured[f'{name.lower()} test', measure]:.{digits}f}", (name, measure)


def test_make_targets_in_the_docs_exist() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    text = "\n".join((ROOT / page).read_text() for page in PAGES)
    shown = set(re.findall(r"(?:^|`)make ([a-z-]+)", text, re.MULTILINE))
    assert shown
    assert shown <= targets
