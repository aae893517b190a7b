"""What messages say of many names: the first of them, and how many more there are."""

__all__ = ["listed"]

_MOST_NAMES = 20
_LONGEST_NAME = 40


def listed(values):
    """The first of some values for a message, and how many more there are.

    Parameters
    ----------
    values : list
        Of text or numbers; text that is very long is cut.

    Returns
    -------
    str
        "none" if there are none.
    """
    short = [_short(value) for value in values[:_MOST_NAMES]]
    more = len(values) - _MOST_NAMES
    return (", ".join(short) or "none") + (f" and {more:,} more" if more > 0 else "")


def _short(value):
    is_long = isinstance(value, str) and len(value) > _LONGEST_NAME
    return repr(f"{value[:_LONGEST_NAME]}…" if is_long else value)
