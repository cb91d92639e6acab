"""Whether a matrix that somebody states can be a covariance."""

import numpy as np
import numpy.typing as npt

LOWEST_EIGENVALUE = -1e-6
"""Of a covariance, scaled: rounding in a file may take a 0 as far below it."""


def lowest_scaled_eigenvalue(matrix: npt.NDArray[np.float64]) -> float:
    """Of a symmetric (n, n) matrix, scaled to a correlation matrix: its units may differ by orders of magnitude.

    Under LOWEST_EIGENVALUE it is not positive semi-definite, and no covariance.
    """
    deviations = np.sqrt(np.abs(np.diag(matrix)))
    scale = np.where(deviations > 0, deviations, 1.0)
    return float(np.linalg.eigvalsh(matrix / np.outer(scale, scale)).min())
