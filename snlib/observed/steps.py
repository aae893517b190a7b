"""What was done to an observed light curve on its way to the rest frame, and what that assumes."""

import sys
from dataclasses import asdict, dataclass
from pathlib import Path

import pandas as pd

__all__ = ["FLAT_SINCE_NO_FIT", "Steps", "steps_file", "write_steps"]

#: The K-correction where SALT3 was asked for in vain.
FLAT_SINCE_NO_FIT = "linear in wavelength between the filters of each night, since SALT3 could not be fitted"


@dataclass(frozen=True)
class Steps:
    """The steps of one object.

    Attributes
    ----------
    object_id : str
    redshift : float
    peak_mjd : float
        Of the maximum in the B band; NaN if it was neither given nor found.
    peak_error_days : float
        NaN unless it was fitted.
    peak_from : str
        Such as "given" or "SALT3 fit".
    distance_modulus : float
    distance_from : str
    ebv_mw : float
    dust : str
    k_correction : str
        Which spectrum took the magnitudes from the telescope's filters to those of Rubin.
    largest_shift_aa : float
        How far, in the rest frame, the farthest filter is from that for which it stands.
    n_rows : int
        In the table.
    no_value, upper_limits, unknown_bands, not_positive, below_five_sigma : int
        Rows that are no points: without a finite date, magnitude or flux; marked as upper limits; in filters
        that are not known; of a flux that is zero or less, or less than five times its error.
    n_points : int
        In the rest frame, by nights, before those are left out of which the models know no like.
    """

    object_id: str
    redshift: float
    peak_mjd: float
    peak_error_days: float
    peak_from: str
    distance_modulus: float
    distance_from: str
    ebv_mw: float
    dust: str
    k_correction: str
    largest_shift_aa: float
    n_rows: int
    no_value: int
    upper_limits: int
    unknown_bands: int
    not_positive: int
    below_five_sigma: int
    n_points: int


def steps_file(out):
    """The file beside a result that tells the steps: ``x.steps.csv`` for ``x.npz``.

    Parameters
    ----------
    out : path-like

    Returns
    -------
    pathlib.Path
    """
    return Path(out).with_suffix(".steps.csv")


def write_steps(path, file, steps):
    """Write the steps, a row an object, and say in one line what they were.

    Parameters
    ----------
    path : path-like
        For the message.
    file : file object
        Of bytes; what it holds is replaced.
    steps : sequence of Steps
    """
    table = pd.DataFrame([asdict(one) for one in steps])
    file.seek(0)
    file.write(table.to_csv(None, index=False).encode())
    file.truncate()
    said = ", ".join(
        f"{name.replace('_', ' ')}: {_counted(table[column])}"
        for name, column in {
            "peak": "peak_from",
            "distance": "distance_from",
            "dust": "dust",
            "K-correction": "k_correction",
        }.items()
    )
    print(f"snlib: {path}: brought to the rest frame: {said}", file=sys.stderr)


def _counted(texts):
    """Each of some texts, with how often it occurs unless it is the only one."""
    counts = texts.value_counts()
    if len(counts) == 1:
        return counts.index[0]
    return " and ".join(f"{text} ({count:,})" for text, count in counts.items())
