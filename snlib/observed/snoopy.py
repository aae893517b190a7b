"""Light curves in the text of SNooPy (Burns et al. 2011, AJ 141, 19), as CSP publishes them.

The first line gives name, heliocentric redshift, right ascension and declination; then, for each filter, a
line ``filter NAME`` and lines of date, magnitude and error.  Dates are MJD, JD, or days since JD 2453000.
"""

from snlib.observed.filter_names import snoopy_filter
from snlib.observed.published_points import Published, magnitude_points, table_of

__all__ = ["is_snoopy", "read_snoopy"]

_LONGEST_SHOWN = 80  # characters of a line, in a message


def _lines(text):
    """The words of each line that holds some, with its number."""
    split = ((number, line.split("#")[0].split()) for number, line in enumerate(text.splitlines(), 1))
    return [(number, words) for number, words in split if words]


def is_snoopy(text):
    """Whether the beginning of a file is that of a light curve in the text of SNooPy.

    Parameters
    ----------
    text : str

    Returns
    -------
    bool
    """
    lines = _lines(text)[:2]
    return len(lines) == 2 and len(lines[0][1]) == 4 and lines[1][1][0].lower() == "filter"


def read_snoopy(path, text):
    """Read a light curve in the text of SNooPy.

    Parameters
    ----------
    path : path-like
        For messages.
    text : str
        Of the file.

    Returns
    -------
    snlib.observed.published_points.Published

    Raises
    ------
    ValueError
        If a line is no such line, or a value is not a number; the message names the file and what is wrong.
    """
    (_, (name, redshift, _, _)), *lines = _lines(text)
    rows, band = [], None
    for number, words in lines:
        if words[0].lower() == "filter" and len(words) > 1:
            band = snoopy_filter(words[1])
        elif band and len(words) == 3:
            rows.append((*words, band))
        else:
            shown = " ".join(words)[:_LONGEST_SHOWN]
            raise ValueError(f"{path}: line {number}: {shown!r}, expected a date, a magnitude and its error")
    if not rows:
        raise ValueError(f"{path}: no rows")
    names = ("date", "magnitude", "magnitude_error", "band")
    columns = dict(zip(names, zip(*rows, strict=True), strict=True)) | {"upper_limit": [False] * len(rows)}
    points = magnitude_points(path, [name] * len(rows), columns)
    return Published(points, table_of(object_id=[name], redshift=[redshift]))
