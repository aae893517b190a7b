"""Light curves on the command line, at rest or as observed, and the options for the latter.

Like the command line, it imports what it needs when it runs.
"""

from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

__all__ = ["ObjectsOption", "Salt3Option", "ZeroPointOption", "light_curves_at_rest"]

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


@contextmanager
def light_curves_at_rest(path, out, code, objects=None, zero_point=None, salt3=None):
    """Yield light curves at rest, which are brought there if they are observed ones, with dates.

    What was done to observed ones is written when the block succeeds.  If the process is killed before, the
    next one does not bring those light curves to the rest frame again that were there.

    Parameters
    ----------
    path : path-like
        As of `snlib.data.light_curve_tables.read_light_curves`, or else of
        `snlib.observed.apparent.read_apparent`.
    out : path-like
        Of what is made of them in the block, beside which the steps are written.
    code : str
        What stands for the code: what another has begun is not gone on with.
    objects, zero_point, salt3
        As of `snlib.observed.conversion.read_observed_light_curves`.

    Yields
    ------
    snlib.data.ragged.RaggedLightCurves

    Raises
    ------
    FileNotFoundError, ModuleNotFoundError, ValueError
        As of these functions; also if light curves at rest come with a table of objects.
    """
    from snlib.data.light_curve_tables import read_light_curves
    from snlib.files.writing import resumable
    from snlib.observed.apparent import has_dates
    from snlib.observed.conversion import Conversion
    from snlib.observed.steps import steps_file, write_steps

    if has_dates(path):
        conversion = Conversion.read(path, objects, zero_point, salt3)
        with resumable(steps_file(out), conversion.to_rest_frame.digest(code)) as file:
            curves, steps = conversion.run(file)
            yield curves
            write_steps(steps_file(out), file, steps)
        return
    if objects is not None or zero_point is not None:
        given = "--zero-point" if objects is None else "--objects"
        raise ValueError(f"{path}: no column 'mjd', and {given} is for observed light curves, which have it")
    yield read_light_curves(path)
