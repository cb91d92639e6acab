"""Names of users and robots. They go into logs, listings and commands, so they hold nothing that breaks a line."""

import re
from typing import Annotated, Final

from pydantic import AfterValidator, Field

LONGEST_NAME: Final = 100
_PLAIN: Final = re.compile(r"[^\W_](?:[\w .@+-]*[\w.@+-])?")


def plain(name: str) -> str:
    """The name as it is. Raises ValueError."""
    if len(name) <= LONGEST_NAME and _PLAIN.fullmatch(name):
        return name
    raise ValueError(
        f"a name has 1 to {LONGEST_NAME} letters, digits, blanks inside and . _ @ + -; it begins with a letter or digit"
    )


Name = Annotated[
    str,
    Field(min_length=1, max_length=LONGEST_NAME, pattern=r"^[^\W_][\w .@+-]*$", examples=["crawler 1"]),
    AfterValidator(plain),
]
