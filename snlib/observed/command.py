"""Light curves on the command line, at rest or as observed, and the options for the latter.

Like the command line, it imports what it needs when it runs.
"""

from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import typer

__all__ = [
    "ColumnsOption",
    "Given",
    "ObjectsOption",
    "Salt3Option",
    "VisitsOption",
    "ZeroPointOption",
    "light_curves_at_rest",
]

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


#: Of ``--columns``.
ColumnsOption = Annotated[
    str | None,
    typer.Option(
        help="Whose columns these are: rubin-dp1 for Rubin's DiaSource, DiaForcedSource or "
        "ForcedSourceOnDiaObject, alone or (in Parquet and HATS) nested in DiaObject."
    ),
]
#: Of ``--visits``.
VisitsOption = Annotated[
    Path | None,
    typer.Option(help="For rubin-dp1: table of visit and expMidptMJD, if points have no midpointMjdTai."),
]

_COLUMNS = ("rubin-dp1",)


@dataclass(frozen=True)
class Given:
    """What is given beside observed light curves.

    Attributes
    ----------
    objects, salt3, visits : path-like or None
        See `snlib.observed.conversion.read_observed_light_curves`.
    zero_point : float or None
    columns : str or None

    Raises
    ------
    ValueError
        If some of these do not go together.
    """

    objects: Path | None = None
    zero_point: float | None = None
    salt3: Path | None = None
    columns: str | None = None
    visits: Path | None = None

    def __post_init__(self):
        if self.columns not in (None, *_COLUMNS):
            raise ValueError(f"columns: {self.columns!r} is not known, expected {' or '.join(_COLUMNS)}")
        if self.columns is not None and self.zero_point is not None:
            raise ValueError(f"zero-point: the fluxes of {self.columns} are in nJy, so none can be given")
        if self.columns is None and self.visits is not None:
            raise ValueError("visits: only for --columns rubin-dp1")

    def absolute(self):
        """The same for processes that were started elsewhere."""
        paths = {name: getattr(self, name) for name in ("objects", "salt3", "visits")}
        return replace(self, **{name: path and Path(path).absolute() for name, path in paths.items()})

    def refuse_at_rest(self, path):
        """Refuse what only observed light curves heed.

        Parameters
        ----------
        path : path-like
            Of light curves at rest, for the message.

        Raises
        ------
        ValueError
            If a table of objects or a zero point is given.
        """
        if self.objects is not None or self.zero_point is not None:
            one = "--zero-point" if self.objects is None else "--objects"
            raise ValueError(
                f"{path}: no column 'mjd', and {one} is for observed light curves, which have it"
            )


@contextmanager
def light_curves_at_rest(path, out, code, given):
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
    given : Given

    Yields
    ------
    light_curves : snlib.data.ragged.RaggedLightCurves
    steps : list of snlib.observed.steps.Steps
        Empty for light curves at rest.

    Raises
    ------
    FileNotFoundError, ModuleNotFoundError, ValueError
        As of these functions; also if light curves at rest come with a table of objects.
    """
    from snlib.data.light_curve_tables import read_light_curves
    from snlib.files.writing import resumable
    from snlib.observed.conversion import Conversion
    from snlib.observed.point_tables import has_dates
    from snlib.observed.steps import steps_file, write_steps

    if given.columns is None and not has_dates(path):
        given.refuse_at_rest(path)
        yield read_light_curves(path), []
        return
    conversion = Conversion.read(path, **vars(given))
    with resumable(steps_file(out), conversion.to_rest_frame.digest(code)) as file:
        curves, steps = conversion.run(file)
        yield curves, steps
        write_steps(steps_file(out), file, steps)
