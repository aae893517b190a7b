"""Figure of ablations: one change at a time to a recipe.  Draws into the axes that it is given."""

from itertools import cycle

from snlib.figures.axes import log_ticks, write_above_row
from snlib.figures.style import recipe_colour, recipe_label

__all__ = ["plot_ablations"]

_MARKERS = "os^vD"  # one a seed
_TICKS_DEX = (0.12, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.7)


def plot_ablations(ax, rmse_dex, itself, recipe):
    """Draw the error with each change to a recipe, a row a change, the best first.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    rmse_dex : pandas.DataFrame
        A row a change, with its words as index, a column a seed.
    itself : str
        The row of the recipe without a change: the vertical line is its mean.
    recipe : str
        Name of the recipe, which decides the colour.
    """
    means = rmse_dex.mean(axis=1).sort_values()
    colour, place = recipe_colour(recipe), {change: row for row, change in enumerate(means.index)}
    rows = rmse_dex.index.map(place)
    ax.axvline(means[itself], color="0.6", linestyle="--", linewidth=1)
    ax.hlines(rows, rmse_dex.min(axis=1), rmse_dex.max(axis=1), color=colour, linewidth=1, alpha=0.5)
    for marker, (seed, values) in zip(cycle(_MARKERS), rmse_dex.items(), strict=False):
        ax.plot(values, rows, marker, color=colour, markersize=6, alpha=0.8, label=f"seed {seed}")
    ax.plot(means, means.index.map(place), "|", color="black", markersize=14, mew=2, label="mean")
    for change, row in place.items():
        write_above_row(ax, row, change, weight="bold" if change == itself else "normal")
    ax.set(xscale="log", ylim=(len(place) - 0.6, -0.9), yticks=[])
    ax.set(title=recipe_label(recipe), xlabel="RMSE, mean over five phases [dex]")
    log_ticks(ax.xaxis, _TICKS_DEX)
    ax.spines["left"].set_visible(False)
