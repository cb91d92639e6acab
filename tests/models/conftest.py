"""The models part's tests. Without crackmap_models (`make test`) only the shipped files are tested, on LiteRT alone."""

import pytest

# Warnings of TensorFlow and its dependencies about themselves; ours are errors.
THEIR_WARNINGS = (
    # numpy 2.4 on h5py's and gast's use of it while TensorFlow is imported
    "ignore::DeprecationWarning:(tensorflow|keras|h5py|gast|astunparse|google|ml_dtypes).*",
    # int8 conversion notes that fewer statistics are kept
    "ignore:Statistics for quantized inputs were expected:UserWarning",
)


def pytest_configure(config: pytest.Config) -> None:
    for line in THEIR_WARNINGS:
        config.addinivalue_line("filterwarnings", line)
