"""The log: one JSON object a line, or plain text on a terminal."""

import json
import logging

from hypothesis import given
from hypothesis import strategies as st

from crackmap.log_lines import JsonLines, Plain


def record(message: str, level: int = logging.INFO, **extra: object) -> logging.LogRecord:
    made = logging.makeLogRecord({"msg": message, "levelno": level, "levelname": logging.getLevelName(level)})
    vars(made).update(extra)
    return made


@given(st.text(), st.text())
def test_every_line_is_one_object(message: str, why: str) -> None:
    line = JsonLines().format(record(message.replace("%", ""), frame=why))
    assert "\n" not in line
    told = json.loads(line)
    assert (told["level"], told["event"], told["frame"]) == ("info", message.replace("%", ""), why)


def test_an_error_comes_with_its_trace_and_people_read_words() -> None:
    error = ValueError("why")
    told = json.loads(JsonLines().format(record("broken", logging.ERROR, exc_info=(ValueError, error, None))))
    assert told["error"] == "ValueError: why"
    plain = Plain().format(record("refused", logging.WARNING, frame="a.jpg", tiles=3))
    assert plain.endswith("warning: refused (frame a.jpg, tiles 3)")
