"""The databases that a log may lie in: `@BOTH` runs a test with `settings` of each."""

import pytest

POSTGRESQL = pytest.param("postgresql", marks=pytest.mark.needs("postgres"))
BOTH = pytest.mark.parametrize("settings", ["sqlite", POSTGRESQL], indirect=True)
