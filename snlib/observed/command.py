"""Light curves on the command line, at rest or as observed, and the options for the latter.

Like the command line, it imports what it needs when it runs.
"""

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["ObjectsOption", "Salt3Option", "ZeroPointOption", "read_any_light_curves"]

#: Of ``--objects``.
ObjectsOption = Annotated[
    Path | None,
    typer.Option(
        help="For observed light curves: table of object_id, redshift and, where known, ebv_mw, "
        "distance_modulus (else that of Planck18), peak_mjd (else fitted by SALT3). Not needed for files of "
        "SNANA, SNooPy or the Open Supernova Catalog, which say it."
    ),
]
#: Of ``--zero-point``.
ZeroPointOption = Annotated[
    float | None,
    typer.Option(help="AB magnitude of a flux of one, where the table does not give it; 31.4 for nJy."),
]
#: Of ``--salt3``.
Salt3Option = Annotated[
    Path | None,
    typer.Option(
        envvar="SNLIB_SALT3",
        help="Folder with the surfaces of SALT3, which is fitted to observed light curves then: for their "
        "peaks, and to take magnitudes from their filters to those of Rubin. Needs the package sncosmo.",
    ),
]


def read_any_light_curves(path, objects=None, zero_point=None, salt3=None):
    """Read light curves at rest, or as observed if they have dates.

    Parameters
    ----------
    path : path-like
        As of `snlib.data.light_curve_tables.read_light_curves`, or else of
        `snlib.observed.apparent.read_apparent`.
    objects, zero_point, salt3
        As of `snlib.observed.conversion.read_observed_light_curves`.

    Returns
    -------
    light_curves : snlib.data.ragged.RaggedLightCurves
    steps : list of snlib.observed.steps.Steps
        Empty for light curves at rest.

    Raises
    ------
    FileNotFoundError, ModuleNotFoundError, ValueError
        As of these functions; also if light curves at rest come with a table of objects.
    """
    from snlib.data.light_curve_tables import read_light_curves
    from snlib.observed.apparent import has_dates
    from snlib.observed.conversion import read_observed_light_curves

    if has_dates(path):
        return read_observed_light_curves(path, objects, zero_point, salt3)
    if objects is not None or zero_point is not None:
        given = "--zero-point" if objects is None else "--objects"
        raise ValueError(f"{path}: no column 'mjd', and {given} is for observed light curves, which have it")
    return read_light_curves(path), []
