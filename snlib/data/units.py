"""Units that tables give for their columns."""

__all__ = ["days_in", "require_ab_magnitudes"]

_DAYS = {
    **dict.fromkeys(("d", "day", "days"), 1.0),
    **dict.fromkeys(("h", "hr", "hour", "hours"), 1 / 24),
    **dict.fromkeys(("min", "minute", "minutes"), 1 / 1440),
    **dict.fromkeys(("s", "sec", "second", "seconds"), 1 / 86400),
}
_AB_MAGNITUDES = ("mag", "magnitude", "magab", "abmag", "ab")


def days_in(where, unit):
    """How many days a unit of time is.

    Parameters
    ----------
    where : str
        What a message begins with.
    unit : str or None
        None for days.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If it is none that is known.
    """
    if unit is None:
        return 1.0
    word = unit.strip().casefold() if len(unit.strip()) > 2 else unit.strip()  # S and H are others
    if word not in _DAYS:
        raise ValueError(f"{where}: in {unit!r}, expected a unit of time such as d or h")
    return _DAYS[word]


def require_ab_magnitudes(where, unit):
    """Refuse another unit than AB magnitudes.

    Parameters
    ----------
    where, unit
        As in `days_in`.

    Raises
    ------
    ValueError
        If it is another.
    """
    letters = "".join(letter for letter in unit or "mag" if letter.isalpha()).casefold()
    if letters not in _AB_MAGNITUDES:
        raise ValueError(f"{where}: in {unit!r}, expected mag(AB)")
