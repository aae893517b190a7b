"""The figures of the transceiver show what its modules compute, and nothing else."""

from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from torch.testing import assert_close

from snlib.data.events import LightCurves
from snlib.data.quantities import BANDS
from snlib.figures.style import BAND_COLOURS
from snlib.figures.transceiver import (
    flow_axes,
    plot_decoder,
    plot_encoder,
    plot_light_curve_tokens,
    plot_spectrum_tokens,
)
from snlib.model.inspection import trace


@pytest.fixture
def model(textbook):
    return textbook


def drawn(ax):
    """The numbers of an image, NaN where it is blank."""
    (image,) = ax.images
    return torch.from_numpy(np.ma.filled(image.get_array().astype(np.float32), np.nan))


def n_hatched(ax):
    return sum(patch.get_hatch() is not None for patch in ax.patches)


def physical(photometry):
    """Light curves whose numbers are the z-scores."""
    magnitude = photometry.value.where(photometry.observed, torch.nan)
    return LightCurves(photometry.time.numpy(), magnitude.numpy(), photometry.band.numpy())


def light_curve_axes(model, photometry):
    _, axes = plt.subplots(6, 1)
    plot_light_curve_tokens(axes, model.photometry.encoder, photometry, physical(photometry))
    return axes


def spectrum_axes(model, spectrum):
    _, axes = plt.subplots(5, 2)
    flux = spectrum.value[0].where(spectrum.observed[0], torch.nan).numpy()
    plot_spectrum_tokens(axes, model.spectrum.encoder, spectrum, spectrum.wavelength.numpy(), flux, 10.0)
    return axes


def encoder_axes(vae, x):
    axes = flow_axes(plt.figure(), vae.encoder, inputs=(1, 1), outputs=(1, 1, 1, 1))
    plot_encoder(axes, vae, x, torch.full((4, 4), 0.5))
    return axes


def decoder_axes(vae, x, z):
    axes = flow_axes(plt.figure(), vae.decoder, inputs=(1, 1, 1), outputs=(1,))
    plot_decoder(axes, vae, z, x, np.arange(x.value.shape[1]), "Position")
    return axes


@torch.no_grad()
def test_strips_of_a_light_curve_are_what_the_modules_compute(model, photometry):
    encoder, axes = model.photometry.encoder, light_curve_axes(model, photometry)
    position, seen = encoder.position, photometry.observed[0]
    assert torch.equal(drawn(axes[0])[0] > 0, seen)
    assert_close(drawn(axes[2]), encoder.value(photometry.value[..., None])[0].mT)
    assert_close(drawn(axes[3]), position.band(photometry.band)[0].mT)
    assert_close(drawn(axes[4]), position.time(photometry.time)[0].mT)
    total = drawn(axes[2]) + drawn(axes[3]) + drawn(axes[4])
    assert_close(drawn(axes[1])[:, seen], total[:, seen])
    assert_close(drawn(axes[1])[:, seen], trace(encoder, photometry).context[0, : len(seen)].mT[:, seen])


@torch.no_grad()
def test_strips_of_a_spectrum_are_what_the_modules_compute(model, spectrum):
    encoder, axes = model.spectrum.encoder, spectrum_axes(model, spectrum)
    seen = spectrum.observed[0]
    assert torch.equal(drawn(axes[0, 0])[0] > 0, seen)
    assert_close(drawn(axes[2, 0]), encoder.value(spectrum.value[..., None])[0].mT)
    assert_close(drawn(axes[3, 0]), encoder.position.wavelength(spectrum.wavelength).mT)
    assert_close(drawn(axes[1, 0])[:, seen], (drawn(axes[2, 0]) + drawn(axes[3, 0]))[:, seen])
    assert_close(drawn(axes[1, 1]), encoder.phase(spectrum.phase)[:1].mT)


def test_wavelengths_may_differ_between_events(model, spectrum):
    each = replace(spectrum, wavelength=torch.stack([spectrum.wavelength * (1 + i) for i in range(3)]))
    _, axes = plt.subplots(5, 2)
    flux = spectrum.value[0].numpy()
    plot_spectrum_tokens(axes, model.spectrum.encoder, each, spectrum.wavelength.numpy(), flux, 10.0)
    assert_close(drawn(axes[3, 0]), drawn(spectrum_axes(model, spectrum)[3, 0]))


def test_masked_slots_are_drawn_as_masked(model, photometry, spectrum):
    light_curve, pixels = light_curve_axes(model, photometry), spectrum_axes(model, spectrum)[:, 0]
    for axes, seen in ((light_curve, photometry.observed[0]), (pixels, spectrum.observed[0])):
        assert torch.equal(drawn(axes[1]).isnan().all(0), ~seen)
        assert [n_hatched(axes[row]) for row in (0, 1, -1)] == [(~seen).sum()] * 3
    assert len(light_curve[-1].lines) == photometry.observed[0].sum()


def test_observations_are_drawn_above_their_slots(model, photometry):
    """Below the strips, in physical units: each point in its slot, with its band and its phase."""
    ax, curves = light_curve_axes(model, photometry)[-1], physical(photometry)
    (slots,) = np.nonzero(curves.observed[0])
    for slot, point, name in zip(slots, ax.lines, ax.texts, strict=True):
        assert point.get_xdata() == [slot] and point.get_ydata() == [curves.magnitude[0, slot]]
        assert name.get_text() == BANDS[curves.band[0, slot]]
        assert point.get_color() == name.get_color() == BAND_COLOURS[name.get_text()]
    phases = [f"${phase:+.0f}$" for phase in curves.phase_days[0]]
    expected = [phase if seen else "pad" for phase, seen in zip(phases, curves.observed[0], strict=True)]
    assert [tick.get_text() for tick in ax.get_xticklabels()] == expected
    assert ax.get_xlabel() == "Phase of each slot [days from peak]" and ax.yaxis_inverted()


def test_pixels_are_drawn_below_their_tokens(model, spectrum):
    ax = spectrum_axes(model, spectrum)[-1, 0]
    (line,) = ax.lines
    flux = spectrum.value[0].where(spectrum.observed[0], torch.nan)
    np.testing.assert_array_equal(line.get_xdata(), np.arange(40))
    np.testing.assert_array_equal(line.get_ydata(), flux)
    at = ax.get_xticks().astype(int)
    assert at[0] == 0 and at[-1] == 39
    written = [float(tick.get_text()) for tick in ax.get_xticklabels()]
    assert written == [round(wavelength) for wavelength in spectrum.wavelength[at].tolist()]
    assert ax.get_xlabel() == "Wavelength of each pixel [Å]" and "erg" in ax.get_ylabel()


def test_rows_say_what_they_show(model, photometry, spectrum):
    names = [ax.get_ylabel() for ax in light_curve_axes(model, photometry)[:5]]
    terms = ["+ magnitude\nlinear", "+ band\nembedding", "time\nsinusoid, MLP"]
    assert names == ["observed", "= token\n32 numbers", *terms]
    names = [ax.get_ylabel() for ax in spectrum_axes(model, spectrum)[:4, 0]]
    assert names == ["observed", "= token\n32 numbers", "+ log flux\nlinear", "wavelength\nsinusoid, MLP"]


@pytest.mark.parametrize("slots", [1, 3, 12])
def test_any_number_of_slots(model, photometry, spectrum, slots):
    some = torch.arange(slots)
    assert drawn(light_curve_axes(model, photometry.at(some))[1]).shape[1] == slots
    assert drawn(spectrum_axes(model, spectrum.at(some))[1, 0]).shape[1] == slots


@torch.no_grad()
def test_the_encoder_is_drawn_as_it_is(expert_and_input):
    vae, x = expert_and_input
    inputs, _, attention, _, outputs = encoder_axes(vae, x)
    run, posterior = trace(vae.encoder, x), vae.posterior(x)
    assert attention.shape == (vae.recipe.n_layers, vae.recipe.n_heads)
    for (layer, head), ax in np.ndenumerate(attention):
        assert_close(drawn(ax), run.weights[layer, 0, head])
        assert (drawn(ax)[:, : x.value.shape[1]][:, ~x.observed[0]] == 0).all()
        assert n_hatched(ax) == (~x.observed[0]).sum()
    assert_close(drawn(inputs[0, 0]), vae.encoder.queries.mT)
    expected = run.output[0], posterior.loc[0], posterior.scale[0], torch.full((4, 4), 0.5)
    names = ("outputs", "location", "scale", "sample $z$")
    for ax, name, values in zip(outputs[0], names, expected, strict=True):
        assert_close(drawn(ax), values.mT)
        assert ax.get_title().split("\n")[0] == name


@torch.no_grad()
@pytest.mark.parametrize("n_asked_for", [2, 12])
def test_the_decoder_is_drawn_as_it_is(expert_and_input, n_asked_for):
    vae, x = expert_and_input
    x, z = x.at(torch.arange(n_asked_for)), torch.linspace(-1, 1, 16).reshape(4, 4)
    inputs, _, attention, _, outputs = decoder_axes(vae, x, z)
    run = trace(vae.decoder, z.expand(1, len(x.value), 4, 4), x)
    for (layer, head), ax in np.ndenumerate(attention):
        assert_close(drawn(ax), run.weights[layer, 0, head].mT)
    assert_close(drawn(inputs[0, 0]), z.mT)
    assert_close(drawn(inputs[0, 1]), run.context[0].mT)
    assert_close(drawn(inputs[0, 2]), vae.decoder.position(x).reshape(-1, n_asked_for, 32)[0].mT)
    (line,) = outputs[0, 0].lines
    expected = vae.likelihood(z.expand(1, len(x.value), 4, 4), x).loc[0, 0]
    assert_close(torch.from_numpy(np.asarray(line.get_ydata(), np.float32)), expected)
    np.testing.assert_array_equal(line.get_xdata(), np.arange(n_asked_for))
    assert (outputs[0, 0].get_xlabel(), outputs[0, 0].get_ylabel()) == ("Position", "Decoded\n[z-score]")


def test_sizes_are_read_from_the_modules(model, photometry):
    _, down, *_ = encoder_axes(model.photometry, photometry)
    (text,) = (t.get_text() for t in down[0, 0].texts if t.get_text())
    layers = model.photometry.encoder.layers
    assert f"{len(layers)} layers" in text
    assert f"{sum(p.numel() for p in layers.parameters()):,} parameters" in text


def test_only_the_axes_given_are_drawn_into(model, photometry, spectrum):
    """Other axes of the figure stay empty, and no new ones appear in any."""
    figure, axes = plt.subplots(7, 1)
    other, before = plt.figure(), plt.get_fignums()
    plot_light_curve_tokens(axes[:6], model.photometry.encoder, photometry, physical(photometry))
    assert figure.axes == list(axes)
    assert not axes[6].has_data()
    axes = decoder_axes(model.spectrum, spectrum, torch.zeros(4, 4))
    given = [ax for row in axes for ax in row.flat]
    assert given[0].figure.axes == given
    assert not other.axes
    assert plt.get_fignums() == [*before, given[0].figure.number]
