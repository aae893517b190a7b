"""What a figure shows, in words and numbers: two figures that differ in what is drawn differ here."""

import numpy as np
from matplotlib.colors import to_hex

__all__ = ["contents"]


_ROUNDING = 1e-6


def contents(figure):
    """Sum up all that is drawn into the axes of a figure.

    Parameters
    ----------
    figure : matplotlib.figure.Figure

    Returns
    -------
    str
        For each axes a line with its titles and scales, then a line an artist in the order of drawing: its
        kind, label and colour, and of its x and its y (of an image: its values) how many there are and the
        first, the last, the least, the greatest and the mean, to four digits.
    """
    lines = [f"Figure of {len(figure.axes)} axes"]
    for number, ax in enumerate(figure.axes):
        if ax.axison:
            words = [ax.get_title(), ax.get_xlabel(), ax.get_ylabel()]
            scales = ax.get_xscale(), ax.get_yscale(), *(["y falls"] if ax.yaxis_inverted() else [])
            lines.append(f"[{number}] {' | '.join(words)} ({', '.join(scales)})".replace("\n", " "))
        for artist in (*ax.lines, *ax.collections, *ax.patches, *ax.images):
            lines.append(f"  {type(artist).__name__} {_name(artist)}: {_numbers(artist)}")
        lines += [f"  Text {_one_line(text.get_text())}" for text in ax.texts if text.get_text()]
    for legend in figure.legends + [ax.get_legend() for ax in figure.axes if ax.get_legend()]:
        keys = zip(legend.legend_handles, legend.texts, strict=True)
        lines.append("Legend " + ", ".join(f"{text.get_text()} {_colour(key)}" for key, text in keys))
    return "\n".join(lines)


def _one_line(text):
    return " ".join(text.split())


def _name(artist):
    label = str(artist.get_label())
    return f"{_colour(artist)} {'' if label.startswith('_') else _one_line(label)}".strip()


def _colour(artist):
    for name in ("get_color", "get_facecolor", "get_edgecolor"):
        colours = getattr(artist, name, list)()
        if len(colours):
            colour = colours if isinstance(colours, str) else np.ravel(colours)[:4]
            return to_hex(colour) if isinstance(colour, str) or len(colour) == 4 else to_hex(tuple(colours))
    return "-"


def _numbers(artist):
    if hasattr(artist, "get_xydata"):
        points = np.asarray(artist.get_xydata(), float)
    elif getattr(artist, "get_array", lambda: None)() is not None:
        return _summary("values", np.ma.filled(np.ma.asarray(artist.get_array(), float), np.nan))
    elif hasattr(artist, "get_patch_transform"):
        points = artist.get_patch_transform().transform(artist.get_path().vertices)
    else:
        paths = np.concatenate([path.vertices for path in artist.get_paths()] or [np.empty((0, 2))])
        offsets = np.ma.filled(np.ma.asarray(artist.get_offsets(), float), np.nan)
        points = offsets if len(offsets) > 1 else paths
    return ", ".join(_summary(name, values) for name, values in zip("xy", points.T, strict=True))


def _summary(name, values):
    values = np.ravel(values)
    seen = values[np.isfinite(values)]
    if not len(seen):
        return f"{name} of {len(values)} none"
    numbers = np.array([seen[0], seen[-1], seen.min(), seen.max(), seen.mean()], float)
    numbers[np.abs(numbers) < _ROUNDING * np.abs(seen).max()] = 0.0  # a sum that is zero but for rounding
    first, last, least, most, mean = numbers
    return f"{name} of {len(values)} {first:.4g} … {last:.4g} in {least:.4g} … {most:.4g}, mean {mean:.4g}"
