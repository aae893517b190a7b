"""Schematics of the architecture (Figures 1 and 2 of the paper): what is joined to what, and of what size.

Each function draws into the axes that it is given and loads nothing.  Sizes and masks are read from the
modules and their input; no colour and no line shows a weight.
"""

from itertools import pairwise

import numpy as np
from matplotlib.patches import Circle

from snlib.data.quantities import BANDS
from snlib.figures.canvas import (
    Place,
    draw_arrow,
    draw_box,
    draw_cells,
    draw_funnel,
    draw_links,
    draw_rows,
    use_as_canvas,
    write,
)
from snlib.figures.style import BAND_COLOURS, BAND_MARKERS, method_colour, phase_title

__all__ = ["plot_light_curve_embedding", "plot_mixture", "plot_spectrum_embedding", "plot_transceiver"]

# Pale, for black words (after Tol 2021); none is the colour of a method.
_POSITION, _BAND, _VALUE, _PHASE, _LATENT = "#99DDFF", "#BBCC33", "#EEDD88", "#FFAABB", "#BBDDBB"
_TOKEN = {"light curve": "#AABBEE", "spectrum": "#EEBB99"}
_SINUSOID = "sinusoid,\nlearned MLP"


def _scaled(values, low, high):
    """Bring numbers into a range; NaN stay."""
    values = np.asarray(values, float)
    span = (np.nanmax(values) - np.nanmin(values)) or 1.0
    return low + (values - np.nanmin(values)) / span * (high - low)


def _picture(ax, name, place, x, y):
    """Frame a picture of data, its name below; return where its points are, shape (N, 2)."""
    draw_box(ax, name, place)
    write(ax, (place.middle[0], place.bottom[1] - 0.05), name, va="top")
    across, up = 0.4 * place.width, 0.4 * place.height
    (x0, y0) = place.middle
    return np.stack([_scaled(x, x0 - across, x0 + across), _scaled(y, y0 - up, y0 + up)], axis=1)


def _light_curve(ax, place, light_curves, name="light curve", **style):
    """Draw the first light curve; return where its slots are."""
    at = _picture(ax, name, place, light_curves.phase_days[0], -light_curves.magnitude[0])
    seen = light_curves.observed[0]
    for point, band in zip(at[seen], light_curves.band[0][seen], strict=True):
        look = {"color": BAND_COLOURS[BANDS[band]], "markersize": 5, **style}
        ax.plot(*point, BAND_MARKERS[BANDS[band]], **look)
    return at


def _spectrum(ax, place, wavelength_aa, log10_fnu, name="spectrum", **style):
    """Draw a spectrum; return where its pixels are."""
    at = _picture(ax, name, place, wavelength_aa, log10_fnu)
    ax.plot(*at.T, **{"color": "0.2", "linewidth": 1, **style})
    return at


def _plot_vectors(ax, tracks, start, d_model):
    """Draw how each number becomes a vector; return the places of the vectors by name.

    `tracks` has the value, the embedding and the colour of each number; `start` is where they come from.
    """
    vectors = {}
    for (name, (value, embedding, colour)), y in zip(tracks.items(), (2.05, 1.3, 0.55), strict=True):
        number = draw_box(ax, name, Place(2.1, y, 1.05, 0.5), f"{name}\n{value}".replace("-", "−"))
        module = draw_box(ax, f"{name} embedding", Place(3.5, y, 1.35, 0.5), embedding)
        vector = draw_box(ax, f"{name} vector", Place(5.2, y, 0.95, 0.22), facecolor=colour)
        draw_cells(ax, vector, 8)
        for a, b in ((start, number.left), (number.right, module.left), (module.right, vector.left)):
            draw_arrow(ax, a, b)
        vectors[name] = vector
    write(ax, (5.675, 2.25), f"{d_model} numbers\neach", va="bottom")
    return vectors


def _plot_sum(ax, terms):
    """Draw the sum of two or three vectors; return the place of the sum."""
    total = Place(6.6, np.mean([terms[0].y, terms[-1].y]), 0.3, 0.3)
    ax.add_patch(Circle(total.middle, 0.15, facecolor="white", edgecolor="0.25", zorder=2, label="sum"))
    write(ax, total.middle, "+", fontsize=14)
    draw_arrow(ax, terms[0].right, total.top, turn=True)
    for term in terms[1:-1]:
        draw_arrow(ax, term.right, total.left)
    draw_arrow(ax, terms[-1].right, total.bottom, turn=True)
    return total


def _plot_tokens(ax, colours, observed, d_model):
    """Draw a sequence of tokens and its size; return the places of the tokens."""
    rows = draw_rows(ax, "token", Place(7.35, 1.3, 0.85, 1.9), colours, observed)
    write(ax, (7.775, 2.3), f"{len(rows)} tokens of\n{d_model} numbers", va="bottom")
    return rows


def plot_light_curve_embedding(ax, encoder, light_curves):
    """Draw Figure 1 for a light curve: an observation becomes a token, the sum of three vectors.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Becomes a canvas of 9 by 2.75 inches.
    encoder : TransceiverEncoder
    light_curves : LightCurves
        The first is drawn, a token a slot; its first observation is the example.

    Raises
    ------
    IndexError
        If the light curve has no observation.
    """
    use_as_canvas(ax, 9, 2.75)
    observed, bands = light_curves.observed[0], [BANDS[band] for band in light_curves.band[0]]
    slot = np.flatnonzero(observed)[0]
    at = _light_curve(ax, Place(0.1, 1.3, 1.5, 1.5), light_curves)[slot]
    ax.plot(*at, "o", color="black", markersize=11, fillstyle="none")
    tracks = {
        "time": (f"{light_curves.phase_days[0, slot]:+.1f} d", _SINUSOID, _POSITION),
        "band": (bands[slot], f"one vector for\neach of {len(BANDS)}", _BAND),
        "magnitude": (f"{light_curves.magnitude[0, slot]:.1f}", "linear", _VALUE),
    }
    d_model = encoder.queries.shape[1]
    total = _plot_sum(ax, list(_plot_vectors(ax, tracks, tuple(at), d_model).values()))
    tokens = _plot_tokens(ax, [_TOKEN["light curve"]] * len(observed), observed, d_model)
    draw_arrow(ax, total.right, tokens[slot].left)
    for token, band, seen in zip(tokens, bands, observed, strict=True):
        words, colour = (band, BAND_COLOURS[band]) if seen else ("padding", "0.35")
        write(ax, (8.27, token.y), words, ha="left", va="center_baseline", color=colour)


def plot_spectrum_embedding(ax, encoder, wavelength_aa, log10_fnu, phase_days):
    """Draw Figure 1 for a spectrum: a pixel becomes a token, and the phase becomes one more.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Becomes a canvas of 9 by 2.75 inches.
    encoder : TransceiverEncoder
    wavelength_aa, log10_fnu : ndarray, shape (L,)
        A token each; NaN where there is no flux.  The first that has flux is the example.
    phase_days : float

    Raises
    ------
    IndexError
        If no pixel has flux.
    """
    use_as_canvas(ax, 9, 2.75)
    observed = ~np.isnan(log10_fnu)
    pixel = np.flatnonzero(observed)[0]
    at = _spectrum(ax, Place(0.1, 1.3, 1.5, 1.5), wavelength_aa, log10_fnu, marker=".")[pixel]
    ax.plot(*at, "o", color="black", markersize=11, fillstyle="none")
    tracks = {
        "wavelength": (f"{wavelength_aa[pixel]:.0f} Å", _SINUSOID, _POSITION),
        "log flux": (f"{log10_fnu[pixel]:.2f}", "linear", _VALUE),
        "phase": (phase_title(phase_days), _SINUSOID, _PHASE),
    }
    d_model = encoder.queries.shape[1]
    *terms, phase = _plot_vectors(ax, tracks, tuple(at), d_model).values()
    total = _plot_sum(ax, terms)
    tokens = _plot_tokens(ax, [_TOKEN["spectrum"]] * len(observed) + [_PHASE], [*observed, True], d_model)
    draw_arrow(ax, total.right, tokens[pixel].left)
    draw_arrow(ax, phase.right, tokens[-1].left)
    write(ax, (8.27, tokens[-1].y), "phase", ha="left", va="center_baseline")
    if not observed.all():
        write(ax, (8.27, tokens[np.flatnonzero(~observed)[0]].y), "no flux", ha="left", color="0.35")


def _part(ax, name, place):
    """Shade a part of the model, its name at the top."""
    draw_box(ax, name, place, facecolor="0.96", edgecolor="none", zorder=0)
    write(ax, (place.middle[0], place.top[1] - 0.15), name, fontweight="bold")


def _layers(layers):
    return f"cross-attention, then MLP:\n{len(layers)} layers of {layers[0].n_heads} heads"


def plot_transceiver(ax, vae, x):
    """Draw Figure 2: latents attend to tokens, and what is asked for attends to the latents.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Becomes a canvas of 9 by 4.2 inches.
    vae : VAE
    x : Photometry or Spectrum
        The first is read, a token a slot or pixel, and asked for.
    """
    use_as_canvas(ax, 9, 4.2)
    _part(ax, "encoder", Place(0, 2.1, 4.95, 4.2))
    _part(ax, "decoder", Place(6.1, 2.1, 2.9, 4.2))
    n_phases, n = int(vae.encoder.phase is not None), x.value.shape[1]
    colour, asked = list(zip(_TOKEN.values(), ("times, bands", "wavelengths"), strict=True))[n_phases]
    observed = [*x.observed[0].tolist(), *[True] * n_phases]
    queries = _plot_encoder(ax, vae.encoder, [colour] * n + [_PHASE] * n_phases, observed)
    context = _plot_latent(ax, vae.recipe, queries)
    for place in [Place(5.25, 1.3, 0.64, 0.16)] * n_phases:
        context.append(draw_box(ax, "phase", place, facecolor=_PHASE))
        write(ax, (place.bottom[0], place.bottom[1] - 0.05), "phase", va="top")
    positions = draw_rows(ax, "position", Place(7.2, 2.1, 0.7, 2.6), [_POSITION] * n)
    values = draw_rows(ax, "value", Place(8.45, 2.1, 0.3, 2.6), [_VALUE] * n)
    draw_links(ax, "decoder attention", [row.right for row in context], [row.left for row in positions])
    for position, value in zip(positions, values, strict=True):
        draw_arrow(ax, position.right, value.left, linewidth=0.6, mutation_scale=6)
    write(ax, (7.55, 3.45), f"{asked}\nasked for", va="bottom")
    write(ax, (8.55, 3.45), "values", va="bottom")
    write(ax, (7.55, 0.4), _layers(vae.decoder.layers))


def _plot_encoder(ax, encoder, colours, observed):
    """Draw tokens and the queries that attend to them; return the places of the queries."""
    n_queries, d_model = encoder.queries.shape
    tokens = draw_rows(ax, "token", Place(0.2, 2.1, 0.7, 2.6), colours, observed)
    queries = draw_rows(ax, "query", Place(2.1, 2.1, 0.7, 2.0), [_LATENT] * n_queries)
    seen = [token.right for token, is_seen in zip(tokens, observed, strict=True) if is_seen]
    draw_links(ax, "encoder attention", seen, [query.left for query in queries])
    ends = [query.right for query in queries]
    draw_links(ax, "encoder attention to queries", ends, ends, bend=0.3)
    write(ax, (0.55, 3.45), f"{len(tokens)} × {d_model}\ntokens", va="bottom")
    write(ax, (2.45, 3.15), f"{n_queries} × {d_model}\nlearned queries", va="bottom")
    write(ax, (1.75, 0.4), _layers(encoder.layers))
    return queries


def _plot_latent(ax, recipe, queries):
    """Draw the posterior that the queries give, and a sample of it; return the rows of the sample."""

    def latent(name, place):
        rows = draw_rows(ax, name, place, [_LATENT] * recipe.latent_tokens)
        draw_cells(ax, place, recipe.latent_dim)
        return rows

    z, half = Place(5.25, 2.1, 0.64, 0.64), len(queries) // 2
    parts = {"location": ("linear", queries[:half]), "scale": ("linear,\nsoftplus", queries[half:])}
    for name, (words, rows) in parts.items():
        y = (rows[0].y + rows[-1].y) / 2
        module, values = Place(3.35, y, 0.7, 0.45), Place(4.2, y, 0.64, 0.64)
        draw_box(ax, f"to {name}", module, words)
        latent(name, values)
        write(ax, (4.52, y + 0.36), name, va="bottom")
        ax.vlines(3.12, rows[-1].y, rows[0].y, color="0.25", linewidth=1, label=f"queries of {name}")
        for start, end in (((3.12, y), module.left), (module.right, values.left), (values.right, z.left)):
            draw_arrow(ax, start, end)
    write(ax, (4.52, 3.4), "Laplace\nposterior", va="bottom")
    write(ax, (5.57, 2.46), f"{recipe.latent_tokens} × {recipe.latent_dim}\nsample $z$", va="bottom")
    return latent("sample", z)


def plot_mixture(ax, model, light_curves, wavelength_aa, log10_fnu):
    """Draw the MMVAE: two encoders and two decoders that meet in one latent (Eqs. 1 and 2).

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Becomes a canvas of 9 by 3.7 inches.
    model : MMVAE
    light_curves : LightCurves
        The first is drawn as a picture of the modality, paler where it stands for what is decoded.
    wavelength_aa, log10_fnu : ndarray, shape (L,)
        A spectrum, likewise.
    """
    use_as_canvas(ax, 9, 3.7)
    z, recipe = Place(4.95, 2.0, 0.7, 0.7), model.recipe
    draw_rows(ax, "sample", z, [_LATENT] * recipe.latent_tokens)
    draw_cells(ax, z, recipe.latent_dim)
    write(ax, (5.3, 2.4), "one latent $z$", va="bottom")
    mixture = rf"$z \sim \frac{{1}}{{{model.n_posteriors}}}\,(q_{{\phi_1}} + q_{{\phi_2}})$"
    write(ax, (5.3, 1.6), mixture, va="top")
    for number, (y, name) in enumerate(zip((3.0, 1.0), _TOKEN, strict=True), 1):
        pictures = {name: Place(0.1, y, 1.3, 1.1), f"decoded {name}": Place(7.55, y, 1.3, 1.1)}
        for (words, place), alpha in zip(pictures.items(), (1, 0.4), strict=True):
            if name == "spectrum":
                _spectrum(ax, place, wavelength_aa, log10_fnu, words, alpha=alpha)
            else:
                _light_curve(ax, place, light_curves, words, alpha=alpha)
        style = {"facecolor": _TOKEN[name]}
        encoder = draw_funnel(ax, f"encoder {number}", Place(1.7, y, 0.95, 1.0), 1, 0.5, **style)
        decoder = draw_funnel(ax, f"decoder {number}", Place(6.3, y, 0.95, 1.0), 0.5, 1, **style)
        words = f"{name.replace(' ', '-')} expert\n$q_{{\\phi_{number}}}(z\\,|\\,x_{number})$"
        expert = draw_box(ax, f"expert {number}", Place(2.95, y, 1.45, 0.6), words)
        given, decoded = pictures.values()
        way = given, encoder, expert, z, decoder, decoded
        for step, (start, end) in enumerate(pairwise(way)):
            to_spectrum = (step < 3) == (name == "light curve")
            style = {"color": method_colour("MMVAE"), "linewidth": 2.5} if to_spectrum else {}
            draw_arrow(ax, start.right, end.left, **style)
