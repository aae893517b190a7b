"""Figure of readings: the errors of the two experts over the steps of a training."""

from snlib.figures.axes import log_ticks
from snlib.figures.style import method_colour

__all__ = ["plot_reading"]

_TICKS_DEX = (0.1, 0.15, 0.2, 0.3, 0.5, 0.8)
_COLOURS = {"light_curve": method_colour("MMVAE"), "spectrum": method_colour("spectra-only VAE")}
_LABELS = {"light_curve": "from the light curve", "spectrum": "from the spectrum itself"}


def plot_reading(ax, rows, mean_dex):
    """Draw the error of each expert of each seed over the steps; black while a light curve's is dead.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    rows : pandas.DataFrame
        Of one reading, with columns ``seed, step, light_curve, spectrum, dead`` (see
        `snlib.replication.readings.read_readings`).
    mean_dex : float
        Error of the mean spectrum: the dashed line.
    """
    ax.axhline(mean_dex, color="0.5", linestyle="--", linewidth=1, label="the mean spectrum")
    for number, (_, seed) in enumerate(rows.groupby("seed")):
        steps = seed["step"] / 1000
        for expert, label in _LABELS.items():
            label = label if number == 0 else None
            ax.plot(steps, seed[expert], color=_COLOURS[expert], linewidth=1, alpha=0.7, label=label)
        dead = seed["light_curve"].where(seed["dead"])
        label = None if number else "from the light curve, expert dead"
        ax.plot(steps, dead, "k.-", linewidth=1, markersize=2, label=label)
    ax.set(yscale="log", ylim=(0.06, 1.3), xlabel="Training steps [thousands]")
    log_ticks(ax.yaxis, _TICKS_DEX)
