"""The same training on two devices, compared by its histories."""

import pandas as pd

__all__ = ["race", "seconds_to"]


def seconds_to(history, loss):
    """How long a training took to a validation loss.

    Parameters
    ----------
    history : pandas.DataFrame
        See `snlib.training.loop.train`.
    loss : float

    Returns
    -------
    float
        Seconds until the first row whose validation loss is no higher; nan if there is none.
    """
    reached = history.loc[history["validation_loss"] <= loss, "seconds"]
    return float(reached.min())


def _pace(history):
    """Seconds of a step once it runs, and seconds that the start took beyond its steps."""
    step = (history["seconds"].diff() / history["step"].diff()).median()
    first = history.iloc[0]
    return step, first["seconds"] - first["step"] * step


def race(finished, stopped):
    """A training that came to its end beside one that was stopped on the way.

    Parameters
    ----------
    finished, stopped : pandas.DataFrame
        Histories of the same model, data and steps on two devices; see `snlib.training.loop.train`.

    Returns
    -------
    pandas.Series
        ``steps, minutes, start_s, best_step, best_loss, final_loss`` of the first, ``other_step_ms,
        other_hours`` (of all steps), ``other_minutes`` and ``other_loss`` (its lowest, and when) of the
        second, and ``minutes_to_other_loss``, when the first was there.
    """
    last = finished.iloc[-1]
    best, lowest = (history.loc[history["validation_loss"].idxmin()] for history in (finished, stopped))
    start, (other_step, other_start) = _pace(finished)[1], _pace(stopped)
    return pd.Series(
        {
            "steps": last["step"],
            "minutes": last["seconds"] / 60,
            "start_s": start,
            "best_step": best["step"],
            "best_loss": best["validation_loss"],
            "final_loss": last["validation_loss"],
            "other_step_ms": 1e3 * other_step,
            "other_hours": (other_start + last["step"] * other_step) / 3600,
            "other_minutes": lowest["seconds"] / 60,
            "other_loss": lowest["validation_loss"],
            "minutes_to_other_loss": seconds_to(finished, lowest["validation_loss"]) / 60,
        }
    )
