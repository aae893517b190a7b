"""Tables of points as telescopes measured them: of one's own, as published, of brokers, and of Rubin."""

import warnings

from snlib.files.columns import Wanted
from snlib.files.tables import read_table
from snlib.observed.alerts import is_alerts, read_alerts
from snlib.observed.brokers import read_broker_table
from snlib.observed.published import read_published
from snlib.observed.rubin import read_rubin

__all__ = ["POINTS", "has_dates", "read_points"]

#: The columns of points.
POINTS = Wanted(
    ("mjd", "band"),
    ("magnitude", "magnitude_error", "flux", "flux_error", "zero_point", "upper_limit"),
    {
        "band": ("filter", "passband"),
        "magnitude": ("mag",),
        "magnitude_error": ("magnitude_err", "mag_error", "mag_err"),
        "flux_error": ("flux_err",),
    },
)
_WANTED = Wanted(("object_id", *POINTS.required), POINTS.optional, POINTS.other_names)


def has_dates(path):
    """Whether a table of light curves has dates, as telescopes give them, and no phases.

    What cannot be read has none.

    Parameters
    ----------
    path : path-like

    Returns
    -------
    bool

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    """
    if is_alerts(path):
        return True
    try:
        with warnings.catch_warnings(action="ignore"):  # what is odd is said when all of it is read
            if read_published(path) or read_broker_table(path):
                return True
            return "phase_days" not in read_table(path, Wanted(("mjd",), ("phase_days",))).columns
    except ValueError:
        return False


def read_points(path, columns=None, visits=None):
    """Read a table with a row a point, or with lists of points and a row an object.

    Parameters
    ----------
    path : path-like
        A table of any kind that `snlib.files.tables.read_table` reads, with the columns ``object_id``,
        ``mjd``, ``band`` (or ``filter``) as in `snlib.observed.passbands.find_passband`, and ``magnitude``
        (AB) or else ``flux``; maybe with ``magnitude_error`` or ``flux_error``, ``zero_point`` and
        ``upper_limit``, true or false.  Or a file as of `snlib.observed.brokers.read_broker_table` or
        `snlib.observed.published.read_published`, or alerts as of `snlib.observed.alerts.read_alerts`.
    columns : str, optional
        "rubin-dp1" for a table as of `snlib.observed.rubin.read_rubin`.
    visits : path-like, optional
        For such a table, if its points have no dates of their own.

    Returns
    -------
    snlib.files.columns.Table

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file is no such table; the message names it.
    """
    if columns is not None:
        return read_rubin(path, visits)
    if is_alerts(path):
        return read_alerts(path)
    published = read_published(path)
    return published.points if published else read_broker_table(path) or read_table(path, _WANTED)
