"""Objects to follow up, chosen from summaries that are made by hand."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from snlib.survey.follow_up import TELLING, UNLIKE, follow_up, looked_through

PHASES, WAVELENGTHS = (0.0, 10.0), (4000.0, 5000.0)


def nested(lists):
    return pa.StructArray.from_arrays([pa.array(one) for one in lists.values()], list(lists))


def summaries(widths, r_mag, modulus):
    """Of objects whose intervals at 10 d are as wide on average, and at 0 d ten times as wide."""
    n = len(widths)
    high = [[10 * w, 10 * w, 0.5 * w, 1.5 * w] for w in widths]
    spectra = {
        "phase_days": [[0.0, 0.0, 10.0, 10.0]] * n,
        "wavelength_aa": [[*WAVELENGTHS, *WAVELENGTHS]] * n,
        "low_90_log10_fnu": [[-12.0] * 4] * n,
        "high_90_log10_fnu": [[-12.0 + one for one in of_object] for of_object in high],
    }
    features = {
        "phase_days": [[0.0, 0.0, 10.0, 10.0]] * n,
        "feature": [["g_mag", "r_mag"] * 2] * n,
        "mean": [[0.0, -19.0, 0.0, one] for one in r_mag],
    }
    return pa.table(
        {
            "diaObjectId": 10**17 + np.arange(n),
            "redshift": np.full(n, 0.02),
            "distance_modulus": np.array(modulus),
            "n_points": [5, 5, 0, 5, 5][:n],
            "misfit_mag": [0.1, 0.5, None, 0.2, 0.3][:n],
            "unlike": [False, True, False, False, False][:n],
            "spectra": nested(spectra),
            "features": nested(features),
        }
    )


def test_widths_and_magnitudes_are_those_of_the_phase():
    table = looked_through(summaries([0.2, 0.4], [-18.0, -17.0], [34.0, 37.0]), 10.0)
    assert table.index.tolist() == [10**17, 10**17 + 1] and table.index.name == "diaObjectId"
    np.testing.assert_allclose(table["width_dex"], [0.2, 0.4], rtol=1e-6)
    assert table["r_mag"].tolist() == [16, 20]
    np.testing.assert_allclose(table["width_per_mag"], [0.2 / 16, 0.4 / 20], rtol=1e-6)
    early = looked_through(summaries([0.2, 0.4], [-18.0, -17.0], [34.0, 37.0]), 0.0)
    np.testing.assert_allclose(early["width_dex"], [2, 4], rtol=1e-6)
    assert early["r_mag"].tolist() == [15, 18]


def test_a_phase_that_was_not_predicted_is_refused():
    with pytest.raises(ValueError, match="spectra: nothing was predicted at 5 d"):
        looked_through(summaries([0.2], [-18.0], [34.0]), 5.0)


def test_the_chosen_are_the_farthest_and_the_widest_for_their_magnitude():
    """The widest are those of the most unlike, and of an object without points, which is neither."""
    table = looked_through(summaries([0.2, 9.0, 99.0, 0.21, 0.3], [-18.0] * 5, [33, 34, 34, 38, 36.0]), 10.0)
    chosen = follow_up(table, 1)
    assert (chosen.index - 10**17).tolist() == [1, 4] and chosen["why"].tolist() == [UNLIKE, TELLING]
    chosen = follow_up(table, 2)  # 0.2 at magnitude 15 comes before 0.21 at 20
    assert (chosen.index - 10**17).tolist() == [1, 4, 0, 3]
    assert chosen["why"].tolist() == [UNLIKE] * 2 + [TELLING] * 2
    assert len(follow_up(table, 10)) == 4
    pd.testing.assert_frame_equal(chosen.drop(columns="why"), table.loc[chosen.index])
