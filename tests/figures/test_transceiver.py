"""The figures of the transceiver show what its modules compute, and nothing else."""

from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from torch.nn.functional import multi_head_attention_forward
from torch.testing import assert_close

from snlib.data.events import LightCurves
from snlib.figures.transceiver import (
    flow_axes,
    plot_decoder,
    plot_encoder,
    plot_light_curve_tokens,
    plot_spectrum_tokens,
)
from snlib.model.trace import parameter_table, trace


@pytest.fixture(params=["photometry", "spectrum"])
def expert_and_input(request, model):
    return getattr(model, request.param), request.getfixturevalue(request.param)


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def cut(x, slots):
    if hasattr(x, "phase"):
        return x.at(slots)
    return replace(x, **{name: values[:, slots] for name, values in vars(x).items()})


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


# What is traced


def usual_weights(layer, query, context, observed=None):
    """PyTorch's multi-head attention weights, shape (B, heads, Q, C)."""
    d, zero = query.shape[-1], torch.zeros(query.shape[-1])
    projections = layer.to_query, layer.to_key, layer.to_value
    return multi_head_attention_forward(
        layer.norm_query(query).transpose(0, 1),
        *[layer.norm_context(context).transpose(0, 1)] * 2,
        embed_dim_to_check=d,
        num_heads=layer.n_heads,
        in_proj_weight=torch.cat([linear.weight for linear in projections]),
        in_proj_bias=torch.cat([layer.to_query.bias, zero, layer.to_value.bias]),
        bias_k=None,
        bias_v=None,
        add_zero_attn=False,
        dropout_p=0.0,
        out_proj_weight=layer.to_out.weight,
        out_proj_bias=layer.to_out.bias,
        key_padding_mask=None if observed is None else ~observed,
        average_attn_weights=False,
    )[1]


def all_seen(run, x):
    """The mask of everything that the queries of an encoder may see."""
    n_always = run.context.shape[1] - x.observed.shape[1]
    return torch.cat([x.observed, torch.ones(len(x.value), n_always, dtype=torch.bool)], 1)


@torch.no_grad()
def test_weights_of_the_encoder_are_the_usual_ones(expert_and_input):
    vae, x = expert_and_input
    run = trace(vae.encoder, x)
    expected = usual_weights(vae.encoder.layers[0], run.query, run.context, all_seen(run, x))
    assert len(run.weights) == len(vae.encoder.layers)
    assert_close(run.weights[0], expected, rtol=0, atol=1e-5)


@torch.no_grad()
@pytest.mark.parametrize("n_asked_for", [2, 5, 12])
def test_weights_of_the_decoder_are_the_usual_ones(expert_and_input, n_asked_for):
    """With fewer, as many and more queries than there is to attend to."""
    vae, x = expert_and_input
    z = torch.randn(1, len(x.value), 4, 4, generator=torch.Generator().manual_seed(0))
    run = trace(vae.decoder, z, cut(x, torch.arange(n_asked_for)))
    expected = usual_weights(vae.decoder.layers[0], run.query, run.context)
    assert run.weights.shape == (len(vae.decoder.layers), *expected.shape)
    assert_close(run.weights[0], expected, rtol=0, atol=1e-5)


def test_masked_slots_have_no_influence_and_no_weight(expert_and_input):
    vae, x = expert_and_input
    assert not x.observed[0].all()
    run = trace(vae.encoder, x)
    seen = all_seen(run, x)[None, :, None, None].expand_as(run.weights)
    assert (run.weights[~seen] == 0).all()
    assert (run.weights[seen] > 0).all()
    assert_close(run.weights.sum(-1), torch.ones(run.weights.shape[:-1]))
    value = x.value.clone().requires_grad_()
    vae.encoder(replace(x, value=value)).square().sum().backward()
    assert torch.equal(value.grad != 0, x.observed)


@torch.no_grad()
def test_tracing_leaves_the_module_alone(expert_and_input):
    vae, x = expert_and_input
    before = vae.encoder(x)
    assert torch.equal(trace(vae.encoder, x).output, before)
    assert torch.equal(vae.encoder(x), before)
    assert not vae.encoder.layers[0]._forward_pre_hooks


def test_a_failed_trace_leaves_no_hook(model, photometry):
    encoder = model.photometry.encoder
    with pytest.raises(RuntimeError):
        trace(encoder, replace(photometry, observed=photometry.observed[:, :-1]))
    assert not encoder.layers[0]._forward_pre_hooks


# Figure 1


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


@pytest.mark.parametrize("slots", [1, 3, 12])
def test_any_number_of_slots(model, photometry, spectrum, slots):
    some = torch.arange(slots)
    assert drawn(light_curve_axes(model, cut(photometry, some))[1]).shape[1] == slots
    assert drawn(spectrum_axes(model, cut(spectrum, some))[1, 0]).shape[1] == slots


# Figure 2


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
    for ax, values in zip(outputs[0], expected, strict=True):
        assert_close(drawn(ax), values.mT)


@torch.no_grad()
@pytest.mark.parametrize("n_asked_for", [2, 12])
def test_the_decoder_is_drawn_as_it_is(expert_and_input, n_asked_for):
    vae, x = expert_and_input
    x, z = cut(x, torch.arange(n_asked_for)), torch.linspace(-1, 1, 16).reshape(4, 4)
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


# Parameters


def test_every_parameter_is_counted_once(model):
    table = parameter_table(model)
    for modality in ("photometry", "spectrum"):
        vae = getattr(model, modality)
        assert table[modality].sum() == sum(p.numel() for p in vae.parameters())
        counted = sum(p.numel() for p in vae.encoder.layers.parameters())
        assert table.loc["encoder.layers", modality] == counted
    assert table.loc["encoder.phase", "photometry"] == 0
    assert table.loc["encoder.position.band", "spectrum"] == 0
