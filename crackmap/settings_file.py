"""Settings in TOML, as people write them, and where in the file a key stands."""

import re
import tomllib
from pathlib import Path
from typing import Any

from crackmap.errors import SettingError


def read_toml(path: Path, example: str) -> tuple[str, dict[str, Any]]:
    """The file's text and its values. `example` says what should have been given, as `--config FILE, a robot.toml`.

    Raises SettingError with file, and line or byte.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
        return text, tomllib.loads(text)
    except OSError as error:
        raise SettingError(f"{path}: cannot be read ({error.strerror}). Give {example}.") from error
    except UnicodeDecodeError as error:
        raise SettingError(f"{path}: is not UTF-8 text at byte {error.start}.") from error
    except (ValueError, RecursionError) as error:  # ValueError: also an integer of thousands of digits
        raise SettingError(f"{path}: is not TOML: {error}.") from error


def line_of(text: str, keys: list[str]) -> int:
    """The line of a key, else of its section, else 1; for files as people write them: `[section]`, `key = value`."""
    section, found = "", 1
    for number, line in enumerate(text.splitlines(), start=1):
        if header := re.match(r"\s*\[\s*([\w-]+)\s*\]", line):
            section = header[1]
            if section == keys[0]:
                found = number
        elif (key := re.match(r"\s*([\w-]+)\s*=", line)) and [*([section] if section else []), key[1]] == keys:
            return number
    return found
