"""Figure of ablations: one change at a time to a recipe.  Draws into the axes that it is given."""

from matplotlib.ticker import FixedLocator, NullLocator

from snlib.figures.style import RECIPE_COLOURS

__all__ = ["plot_ablations"]

_MARKERS = "os^"
_TICKS_DEX = (0.12, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.7)


def plot_ablations(ax, rmse_dex, itself, recipe):
    """Draw the error with each change to a recipe, a row a change, the best first.

    Labels stand above their rows, inside the axes: on a phone there is no room beside them.

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
    colour, place = RECIPE_COLOURS[recipe], {change: row for row, change in enumerate(means.index)}
    rows = rmse_dex.index.map(place)
    ax.axvline(means[itself], color="0.6", linestyle="--", linewidth=1)
    ax.hlines(rows, rmse_dex.min(axis=1), rmse_dex.max(axis=1), color=colour, linewidth=1, alpha=0.5)
    for marker, (seed, values) in zip(_MARKERS, rmse_dex.items(), strict=True):
        ax.plot(values, rows, marker, color=colour, markersize=6, alpha=0.8, label=f"seed {seed}")
    ax.plot(means, means.index.map(place), "|", color="black", markersize=14, mew=2, label="mean")
    for change, row in place.items():
        weight = "bold" if change == itself else "normal"
        label = ax.text(
            0, row - 0.27, change, transform=ax.get_yaxis_transform(), size="small", weight=weight
        )
        label.set_bbox({"facecolor": "white", "linewidth": 0, "pad": 0.5})  # over the line
    ax.set(xscale="log", ylim=(len(place) - 0.6, -0.9), yticks=[])
    ax.set(title=f"Recipe “{recipe}”", xlabel="RMSE, mean over five phases [dex]")
    ax.xaxis.set_major_locator(FixedLocator(_TICKS_DEX))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.xaxis.set_major_formatter("{x:g}")
    ax.spines["left"].set_visible(False)
