"""What can be a covariance, whatever its units."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from crackmap_robot.semidefinite import LOWEST_EIGENVALUE, lowest_scaled_eigenvalue

factors = arrays(np.float64, (6, 6), elements=st.integers(-100, 100).map(float))
units = arrays(np.float64, 6, elements=st.floats(-6, 6)).map(lambda exponents: 10.0**exponents)


@given(factors, units)
def test_what_is_a_square_of_something_is_one_in_any_units(factor: np.ndarray, unit: np.ndarray) -> None:
    scaled = unit[:, None] * factor
    assert lowest_scaled_eigenvalue(scaled @ scaled.T) >= LOWEST_EIGENVALUE


@given(units, st.floats(1.001, 10))
def test_two_errors_that_vary_together_more_than_each_by_itself_are_none(unit: np.ndarray, correlation: float) -> None:
    matrix = np.diag(unit**2)
    matrix[0, 3] = matrix[3, 0] = correlation * unit[0] * unit[3]
    assert lowest_scaled_eigenvalue(matrix) < LOWEST_EIGENVALUE
