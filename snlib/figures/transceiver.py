"""Figures of the transceiver, drawn from what its modules compute (Figures 1 and 2 of the paper).

Each function draws into the axes that it is given and loads nothing.  Shapes as in
`snlib.model.transceiver`; of a batch the first light curve or spectrum is drawn.
"""

import numpy as np
import torch
from matplotlib.colors import AsinhNorm

from snlib.data.quantities import BANDS
from snlib.figures.style import (
    BAND_COLOURS,
    BAND_MARKERS,
    FNU_LABEL,
    PHASE_LABEL,
    WAVELENGTH_LABEL,
    method_colour,
)
from snlib.model.inspection import trace

__all__ = ["flow_axes", "plot_decoder", "plot_encoder", "plot_light_curve_tokens", "plot_spectrum_tokens"]

_SMALL = 10  # points
_ARROW = {"arrowstyle": "-|>", "color": "0.3", "shrinkA": 0, "shrinkB": 1}


def _image(ax, values, observed=None, **style):
    """Draw numbers as an image, its columns apart and those that are masked hatched."""
    image = ax.imshow(np.asarray(values), aspect="auto", interpolation="nearest", **style)
    n_rows, n_columns = values.shape
    edges = np.arange(0.5, n_columns - 1)
    ax.vlines(edges, -0.5, n_rows - 0.5, color="white", linewidth=min(1, 15 / n_columns))
    ax.set(xticks=[], yticks=[])
    ax.spines[:].set_visible(False)
    if observed is not None:
        _hatch(ax, observed)
    return image


def _hatch(ax, observed):
    for column in np.flatnonzero(~np.asarray(observed)):
        ax.axvspan(column - 0.5, column + 0.5, facecolor="none", edgecolor="0.6", hatch="////", linewidth=0)
    ax.set_xlim(-0.5, len(observed) - 0.5)


def _strip(ax, tokens, observed=None):
    """Draw tokens, shape (N, d), as N columns; those that are not observed are blank."""
    values = tokens.mT if observed is None else tokens.mT.where(observed, np.nan)
    # One scale for all strips, so that the eye can add them.
    return _image(ax, values, observed, cmap="RdBu_r", norm=AsinhNorm(0.2, vmin=-3, vmax=3))


def _name(ax, text):
    """Write the name of a row to the left of its axes."""
    ax.set_ylabel(text, rotation=0, ha="right", va="center", fontsize=_SMALL)


def _colour_bar(ax, image, ticks, left=1.03, width=0.025):
    bar = ax.figure.colorbar(image, cax=ax.inset_axes([left, 0.1, width, 0.8]))
    bar.set_ticks(ticks, labels=[f"{tick:.2g}".replace("-", "−") for tick in ticks], fontsize=_SMALL)
    bar.minorticks_off()


def _plot_sum(axes, token, terms, observed):
    """Draw mask, token and the terms of its sum, a row each, from top to bottom."""
    _image(axes[0], observed[None], observed, cmap="Greys", vmin=0, vmax=1.5)
    _strip(axes[1], token, observed)
    for ax, values in zip(axes[2:], terms.values(), strict=True):
        _strip(ax, values)
    names = ["observed", f"= token\n{token.shape[1]} numbers", *terms]
    for ax, name in zip(axes, names, strict=True):
        _name(ax, name)


@torch.no_grad()
def plot_light_curve_tokens(axes, encoder, photometry, light_curves):
    """Draw Figure 1 for a light curve: from observations (bottom) to tokens and mask (top).

    Parameters
    ----------
    axes : sequence of 6 matplotlib.axes.Axes
        From top to bottom, of one width; a column is a slot.
    encoder : TransceiverEncoder
    photometry : Photometry
    light_curves : LightCurves
        The same in physical units.
    """
    observed, position = photometry.observed[0], encoder.position
    terms = {
        "+ magnitude\nlinear": encoder.value(photometry.value[..., None])[0],
        "+ band\nembedding": position.band(photometry.band)[0],
        "time\nsinusoid, MLP": position.time(photometry.time)[0],
    }
    token = trace(encoder, photometry).context[0, : len(observed)]
    _plot_sum(axes[:5], token, terms, observed)
    _colour_bar(axes[1], axes[1].images[0], [-3, -0.5, 0, 0.5, 3])
    _plot_slots(axes[5], light_curves)


def _plot_slots(ax, light_curves):
    """Draw the first light curve against its slots, the phases written below."""
    observed, phases = light_curves.observed[0], light_curves.phase_days[0]
    for slot in np.flatnonzero(observed):
        band = BANDS[light_curves.band[0, slot]]
        style, at = {"color": BAND_COLOURS[band]}, (slot, light_curves.magnitude[0, slot])
        ax.plot(*at, BAND_MARKERS[band], markersize=7, **style)
        ax.annotate(band, at, (0, 7), textcoords="offset points", ha="center", **style)
    _hatch(ax, observed)
    labels = [f"${phase:+.0f}$" if seen else "pad" for phase, seen in zip(phases, observed, strict=True)]
    ax.set_xticks(range(len(observed)), labels)
    ax.set(xlabel=PHASE_LABEL.replace(" [", " of each slot ["), ylabel="Absolute AB\nmagnitude")
    ax.margins(y=0.3)
    ax.invert_yaxis()


@torch.no_grad()
def plot_spectrum_tokens(axes, encoder, spectrum, wavelength_aa, log10_fnu, phase_days):
    """Draw Figure 1 for a spectrum: from pixels and phase (bottom) to tokens and mask (top).

    Parameters
    ----------
    axes : ndarray of Axes, shape (5, 2)
        The right column for the phase token.
    encoder : TransceiverEncoder
    spectrum : Spectrum
    wavelength_aa, log10_fnu : ndarray, shape (L,)
        The same in physical units, NaN where there is no flux.
    phase_days : float
    """
    context, observed = trace(encoder, spectrum).context[0], spectrum.observed[0]
    token, phase = context[: len(observed)], context[len(observed) :][:1]
    terms = {
        "+ log flux\nlinear": encoder.value(spectrum.value[..., None])[0],
        "wavelength\nsinusoid, MLP": encoder.position(spectrum).reshape(-1, *token.shape)[0],
    }
    _plot_sum(axes[:4, 0], token, terms, observed)
    _plot_sum(axes[:2, 1], phase, {}, torch.tensor([True]))
    for ax in axes[:2, 1]:
        ax.set_ylabel("")
    _colour_bar(axes[1, 1], axes[1, 1].images[0], [-3, -0.5, 0, 0.5, 3], left=1.4, width=0.3)
    _plot_phase(axes[1:, 1], phase_days)
    _plot_pixels(axes[4, 0], wavelength_aa, log10_fnu)


def _plot_phase(axes, phase_days):
    """Draw the way of the phase, from the bottom to its token at the top."""
    for ax in axes[1:]:
        ax.axis("off")
    ax, style = axes[-1], {"ha": "center", "va": "center", "fontsize": _SMALL}
    ax.text(0.5, 0.5, f"phase\n${phase_days:+.0f}$ d", transform=ax.transAxes, **style)
    start = {"xytext": (0.5, 0.7), "textcoords": ax.transAxes, "arrowprops": _ARROW}
    arrow = ax.annotate("", (0.5, 0), xycoords=axes[0].transAxes, **start)
    style |= {"transform": axes[1].transAxes, "bbox": {"facecolor": "white", "edgecolor": "none"}}
    for artist in (arrow, ax.text(0.5, 0.5, "sinusoid,\nMLP", **style)):
        artist.set_in_layout(False)  # they leave the lowest axes


def _plot_pixels(ax, wavelength_aa, log10_fnu):
    """Draw a spectrum against its pixels, some wavelengths written below."""
    ax.plot(log10_fnu, "o-", color="0.2", markersize=4, linewidth=0.8)
    _hatch(ax, ~np.isnan(log10_fnu))
    ticks = np.linspace(0, len(wavelength_aa) - 1, 5).round().astype(int)
    ax.set_xticks(ticks, [f"{wavelength:.0f}" for wavelength in wavelength_aa[ticks]])
    ax.set_xlabel(WAVELENGTH_LABEL.replace(" [", " of each pixel ["))
    ax.set_ylabel(FNU_LABEL.replace(" [", "\n["), fontsize=_SMALL)


def flow_axes(figure, module, inputs, outputs):
    """Make the axes of `plot_encoder` or `plot_decoder`.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
    module : TransceiverEncoder or TransceiverDecoder
    inputs, outputs : sequence of float
        Relative widths of the panels at the top and at the bottom.

    Returns
    -------
    list of ndarray of Axes
        From top to bottom: inputs, a step, attention (layers, heads), a step, outputs.
    """
    rows = figure.add_gridspec(5, 1, height_ratios=(1.2, 0.3, 2.8, 0.3, 1.2))
    attention = len(module.layers), module.layers[0].n_heads
    shapes = (1, len(inputs)), (1, 1), attention, (1, 1), (1, len(outputs))
    widths = inputs, None, None, None, outputs
    return [
        row.subgridspec(*shape, width_ratios=ratios).subplots(squeeze=False)
        for row, shape, ratios in zip(rows, shapes, widths, strict=True)
    ]


def _plot_tokens(ax, tokens, name, observed=None):
    _strip(ax, tokens, observed)
    ax.set_title(f"{name}\n{len(tokens)} × {tokens.shape[1]}", fontsize=_SMALL)


def _plot_step(axes, text):
    """Draw an arrow from one row of panels to the next, and say what happens."""
    ax = axes[0, 0]
    ax.axis("off")
    ax.annotate("", (0.02, 0), (0.02, 1), "axes fraction", arrowprops=_ARROW)
    ax.text(0.05, 0.5, text, transform=ax.transAxes, va="center", fontsize=_SMALL)


def _size(layers):
    n_parameters = sum(parameter.numel() for parameter in layers.parameters())
    return f"{len(layers)} layers of {layers[0].n_heads} heads, {n_parameters:,} parameters"


def _plot_attention(axes, weights, observed=None):
    """Draw attention weights, shape (layers, heads, rows, columns), a panel a head."""
    top = float(weights.max())
    for layer, row in enumerate(axes):
        for head, ax in enumerate(row):
            image = _image(ax, weights[layer, head], observed, cmap="Blues", vmin=0, vmax=top)
            ax.set_title(f"head {head + 1}" if layer == 0 else "", fontsize=_SMALL)
        _name(row[0], f"layer {layer + 1}")
    _colour_bar(axes[0, -1], image, [0, top], left=1.06, width=0.06)


@torch.no_grad()
def plot_encoder(axes, vae, x, z):
    """Draw Figure 2 from tokens to latent: learned queries attend to tokens and to each other.

    Parameters
    ----------
    axes : list of ndarray of Axes
        See `flow_axes`, with 2 panels at the top and 4 at the bottom.
    vae : VAE
    x : Photometry or Spectrum
    z : Tensor, shape (tokens, dim)
        A sample of its posterior.
    """
    inputs, down, attention, up, outputs = axes
    run, posterior = trace(vae.encoder, x), vae.posterior(x)
    (n_queries, _), n_context = run.query[0].shape, run.context.shape[1]
    n_tokens = n_context - n_queries
    observed = torch.ones(n_context, dtype=torch.bool)
    observed[: x.observed.shape[1]] = x.observed[0]
    _plot_tokens(inputs[0, 0], run.query[0], "learned queries")
    _plot_tokens(inputs[0, 1], run.context[0, :n_tokens], "tokens", observed[:n_tokens])
    _colour_bar(inputs[0, 1], inputs[0, 1].images[0], [-3, -0.5, 0, 0.5, 3])
    _plot_step(down, f"queries attend to tokens and to each other, then an MLP;\n{_size(vae.encoder.layers)}")
    _plot_attention(attention, run.weights[:, 0], observed)
    for ax in attention.flat:
        ax.axvline(n_tokens - 0.5, color="black", linewidth=1)
    for ax in attention[-1]:
        ax.set_xticks([(n_tokens - 1) / 2, n_tokens + (n_queries - 1) / 2], ["tokens", "queries"])
        ax.tick_params(length=0, labelsize=_SMALL)
    _plot_step(up, "layer normalisation; first half: location, second half: scale (softplus)")
    latents = {"location": posterior.loc[0], "scale": posterior.scale[0], "sample $z$": z}
    for ax, (name, values) in zip(outputs[0], {"outputs": run.output[0], **latents}.items(), strict=True):
        _plot_tokens(ax, values, name)
    outputs[0, 0].axvline((n_queries - 1) / 2, color="black", linewidth=1)


@torch.no_grad()
def plot_decoder(axes, vae, z, x, position, label):
    """Draw Figure 2 from latent to values: what is asked for attends to latents and phase only.

    Parameters
    ----------
    axes : list of ndarray of Axes
        See `flow_axes`, with 3 panels at the top and 1 at the bottom.
    vae : VAE
    z : Tensor, shape (tokens, dim)
    x : Photometry or Spectrum
        Where to decode.
    position : ndarray, shape (T,) or (L,)
        The same in physical units.
    label : str
        Of the position.
    """
    inputs, down, attention, up, outputs = axes
    run = trace(vae.decoder, z.expand(1, len(x.value), -1, -1), x)
    context = "latents" if vae.decoder.phase is None else "latents, phase"
    panels = {"sample $z$": z, context: run.context[0], "queries": run.query[0]}
    for ax, (name, values) in zip(inputs[0], panels.items(), strict=True):
        _plot_tokens(ax, values, name)
    _colour_bar(inputs[0, -1], inputs[0, -1].images[0], [-3, -0.5, 0, 0.5, 3])
    _plot_step(
        down,
        f"queries attend to {context.replace(', ', ' and ')} only, then an MLP;\n{_size(vae.decoder.layers)}",
    )
    _plot_attention(attention, run.weights[:, 0].mT)
    for ax in attention.flat:
        ax.axhline(len(z) - 0.5, color="black", linewidth=1)  # below it the phase, if any
    for ax in attention[-1]:
        ax.set_xlabel("queries", fontsize=_SMALL)
    _plot_step(up, f"layer normalisation, linear: {run.output.shape[-1]} number for each query")
    (ax,) = outputs.flat
    ax.plot(position, run.output[0, 0, :, 0].numpy(), "o", color=method_colour("MMVAE"), markersize=4)
    ax.set_xlabel(label)
    ax.set_ylabel("Decoded\n[z-score]", fontsize=_SMALL)
