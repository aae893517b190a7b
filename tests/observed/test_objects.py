"""What is known of objects, in the order that is asked for; what is wrong is named."""

import numpy as np
import pandas as pd
import pytest

from snlib.observed.objects import read_objects

GOOD = pd.DataFrame(
    {
        "object_id": ["a", "b", "c"],
        "redshift": [0.02, 0.03, -0.001],
        "ebv_mw": [0.1, None, 0.0],
        "distance_modulus": [None, None, 28.5],
        "peak_mjd": [55000.5, None, 55002.0],
    }
)


def write(folder, table):
    table.to_csv(folder / "objects.csv", index=False)
    return folder / "objects.csv"


def asked(*names):
    return np.array(names, dtype=object)


def test_rows_are_found_by_their_names(tmp_path):
    objects = read_objects(write(tmp_path, GOOD), asked("c", "a"))
    assert objects.object_id.tolist() == ["c", "a"] and objects.redshift.tolist() == [-0.001, 0.02]
    np.testing.assert_array_equal(objects.ebv_mw, [0, 0.1])
    np.testing.assert_array_equal(objects.distance_modulus, [28.5, np.nan])
    np.testing.assert_array_equal(objects.peak_mjd, [55002, 55000.5])


def test_only_the_redshift_is_needed(tmp_path):
    objects = read_objects(write(tmp_path, GOOD[["redshift", "object_id"]]), asked("b"))
    assert objects.redshift.tolist() == [0.03]
    assert all(np.isnan(values).all() for values in (objects.ebv_mw, objects.peak_mjd))


WRONG = {
    "column 'redshift' is missing": lambda t: t.drop(columns="redshift"),
    "object 'b', column 'redshift': empty": lambda t: t.assign(redshift=[0.1, None, 0.1]),
    "object 'a', column 'redshift': 'x' is not a number": lambda t: t.assign(redshift=["x", "0.1", "0.1"]),
    "object 'b', column 'redshift': 5, expected a redshift": lambda t: t.assign(redshift=[0.1, 5.0, 0.1]),
    "object 'b', column 'redshift': 0, not positive": lambda t: t.assign(redshift=[0.1, 0.0, 0.1]),
    "object 'a', column 'ebv_mw': -1, expected": lambda t: t.assign(ebv_mw=-1),
    "object 'a', column 'peak_mjd': 2455001, expected an MJD": lambda t: t.assign(peak_mjd=2455001),
    "object 'a', column 'distance_modulus': 0.03": lambda t: t.assign(distance_modulus=0.03),
    "object 'a' has more than one row": lambda t: t.assign(object_id=["b", "a", "a"]),
    "no row for object 'c'": lambda t: t[:2],
}


@pytest.mark.parametrize("message", WRONG)
def test_what_is_wrong_is_named(tmp_path, message):
    path = write(tmp_path, WRONG[message](GOOD))
    with pytest.raises(ValueError) as error:
        read_objects(path, asked("a", "b", "c"))
    assert str(error.value).startswith(f"{path}: {message}")
