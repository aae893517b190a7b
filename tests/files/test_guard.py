"""Numbers that are none are refused, whoever asks."""

import math

import numpy as np
import pytest

from snlib.files import require_number
from snlib.files.guard import number_array


@pytest.mark.parametrize(
    "value", [None, True, False, np.True_, "1", b"1", [1], 1j, math.nan, math.inf, -math.inf, 10**400]
)
def test_what_is_no_finite_number_is_refused(value):
    with pytest.raises(ValueError, match=r"^x is .*, expected a finite number$") as refused:
        require_number("x", value)
    assert len(str(refused.value)) < 100


@pytest.mark.parametrize("value", [1.0, 1.5, "1", True, None, np.float64(2)])
def test_what_is_no_integer_is_refused(value):
    with pytest.raises(ValueError, match=r"^x is .*, expected an integer$"):
        require_number("x", value, integer=True)


@pytest.mark.parametrize(
    "value, limits, expected",
    [
        (0, {"above": 0}, "above 0"),
        (-1e-300, {"at_least": 0}, "at least 0"),
        (1.1, {"at_least": 0, "at_most": 1}, "at least 0 and at most 1"),
        (3, {"above": 3, "at_most": 5}, "above 3 and at most 5"),
    ],
)
def test_what_lies_outside_is_refused(value, limits, expected):
    with pytest.raises(ValueError, match=rf"^x is {value}, expected {expected}$"):
        require_number("x", value, **limits)


@pytest.mark.parametrize("value", [0, 1, 0.5, np.float32(0.5), np.int64(1)])
def test_what_can_be_passes(value):
    require_number("x", value, at_least=0, at_most=1)


def test_nested_lists_are_arrays():
    array = number_array("x", [[1, 2.5], [3, 4]], 2)
    assert array.dtype == float and array.tolist() == [[1.0, 2.5], [3.0, 4.0]]


@pytest.mark.parametrize(
    "values", [[[1, 2], [3]], [1, 2], [[[1]]], 1, None, {}, "12", [["1"]], [[True]], [[None]], [[math.nan]]]
)
def test_lists_that_are_no_arrays_of_numbers_are_refused(values):
    with pytest.raises(ValueError, match=r"^x "):
        number_array("x", values, 2)
