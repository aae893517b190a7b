"""The invariances of the transceiver: what it must not depend on, and what it must."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.nn.functional import multi_head_attention_forward
from torch.testing import assert_close

from snlib.data.batches import Photometry, Spectrum
from snlib.model.fast_attention import FoldedLayers
from snlib.model.recipes import RECIPES
from snlib.model.registry import ARCHITECTURES, MODELS, new_model, recipe_for
from snlib.model.transceiver import CrossAttention, Layers


def pad(x, fill):
    """Append two slots in which nothing was observed but something is written."""
    if isinstance(x, Photometry):
        extra = torch.full((len(x.value), 2), fill)
        return Photometry(
            torch.cat([x.time, extra], 1),
            torch.cat([x.band, extra.long() % 6], 1),
            torch.cat([x.value, extra], 1),
            torch.cat([x.observed, torch.zeros_like(extra).bool()], 1),
        )
    extra = torch.full((len(x.value), 2), fill)
    return Spectrum(
        x.phase,
        torch.cat([x.wavelength, extra[0]]),
        torch.cat([x.value, extra], 1),
        torch.cat([x.observed, torch.zeros_like(extra).bool()], 1),
    )


def permute(x, order):
    return replace(x, **{name: values[..., order] for name, values in vars(x).items() if name != "phase"})


@torch.no_grad()
@pytest.mark.parametrize("fill", [0.0, 3.0, -7.5])
def test_padding_changes_nothing(expert_and_input, fill):
    expert, x = expert_and_input
    padded = pad(x, fill)
    posterior, same = expert.posterior(x), expert.posterior(padded)
    assert_close(posterior.loc, same.loc, rtol=0, atol=1e-5)
    assert_close(posterior.scale, same.scale, rtol=0, atol=1e-5)
    z = posterior.sample((2,))
    assert_close(expert.log_likelihood(z, x), expert.log_likelihood(z, padded), rtol=1e-5, atol=1e-4)


@torch.no_grad()
def test_the_values_in_masked_slots_do_not_matter(expert_and_input):
    expert, x = expert_and_input
    other = replace(x, value=torch.where(x.observed, x.value, torch.tensor(99.0)))
    assert (other.value != x.value).any()
    assert_close(expert.posterior(x).loc, expert.posterior(other).loc, rtol=0, atol=1e-5)
    z = torch.zeros(1, len(x.value), 4, 4)
    assert torch.equal(expert.log_likelihood(z, x), expert.log_likelihood(z, other))


@torch.no_grad()
def test_observed_values_do_matter(expert_and_input):
    expert, x = expert_and_input
    other = replace(x, value=torch.where(x.observed, x.value + 1.0, x.value))
    assert (expert.posterior(x).loc - expert.posterior(other).loc).abs().max() > 1e-3


@torch.no_grad()
def test_the_order_of_observations_does_not_matter(expert_and_input):
    expert, x = expert_and_input
    order = torch.randperm(x.value.shape[1], generator=torch.Generator().manual_seed(3))
    shuffled = permute(x, order)
    posterior = expert.posterior(x)
    assert_close(posterior.loc, expert.posterior(shuffled).loc, rtol=0, atol=1e-5)
    z = posterior.sample((2,))
    assert_close(
        expert.likelihood(z, x).loc[..., order], expert.likelihood(z, shuffled).loc, rtol=0, atol=1e-5
    )


@torch.no_grad()
def test_a_decoded_value_does_not_depend_on_the_others(expert_and_input):
    expert, x = expert_and_input
    z = torch.randn(2, len(x.value), 4, 4, generator=torch.Generator().manual_seed(4))
    chosen = torch.tensor([7, 2])
    together, apart = expert.likelihood(z, x), expert.likelihood(z, permute(x, chosen))
    assert_close(together.loc[..., chosen], apart.loc, rtol=0, atol=1e-5)
    assert_close(together.scale[..., chosen], apart.scale, rtol=0, atol=1e-5)


@torch.no_grad()
def test_events_of_a_batch_do_not_mix(expert_and_input):
    expert, x = expert_and_input
    one = replace(x, **{name: values[1:2] for name, values in vars(x).items() if len(values) == len(x.value)})
    assert_close(expert.posterior(x).loc[1:2], expert.posterior(one).loc, rtol=0, atol=1e-5)


@torch.no_grad()
def test_nothing_observed_gives_the_prior_exactly(expert_and_input):
    expert, x = expert_and_input
    observed = x.observed.clone()
    observed[1] = False
    posterior = expert.posterior(replace(x, observed=observed))
    assert torch.equal(posterior.loc[1], torch.zeros(4, 4))
    assert torch.equal(posterior.scale[1], torch.ones(4, 4))
    assert torch.isfinite(posterior.loc).all()
    assert posterior.loc[0].abs().min() > 0


@torch.no_grad()
def test_the_phase_of_a_spectrum_matters(model, spectrum):
    other = replace(spectrum, phase=spectrum.phase + 0.5)
    assert (model.spectrum.posterior(spectrum).loc - model.spectrum.posterior(other).loc).abs().max() > 1e-4
    z = torch.randn(1, 3, 4, 4, generator=torch.Generator().manual_seed(5))
    decoded, later = (model.spectrum.likelihood(z, x).loc for x in (spectrum, other))
    assert (decoded - later).abs().max() > 1e-4


@torch.no_grad()
def test_wavelengths_may_differ_between_events(model, spectrum):
    each = replace(spectrum, wavelength=spectrum.wavelength.expand(3, -1))
    z = torch.randn(1, 3, 4, 4, generator=torch.Generator().manual_seed(6))
    assert_close(
        model.spectrum.posterior(spectrum).loc, model.spectrum.posterior(each).loc, rtol=0, atol=1e-5
    )
    assert_close(
        model.spectrum.likelihood(z, spectrum).loc, model.spectrum.likelihood(z, each).loc, rtol=0, atol=1e-5
    )


def test_masked_slots_get_no_gradient(expert_and_input):
    expert, x = expert_and_input
    value = x.value.clone().requires_grad_()
    expert.log_likelihood(
        expert.posterior(replace(x, value=value)).rsample((1,)), replace(x, value=value)
    ).sum().backward()
    assert (value.grad[~x.observed] == 0).all()
    assert (value.grad[x.observed] != 0).all()


def test_nothing_observed_leaves_the_gradients_finite(expert_and_input):
    """A softmax over nothing can be NaN, and a masked NaN still poisons the gradients."""
    expert, x = expert_and_input
    observed = x.observed.clone()
    observed[1] = False
    x = replace(x, observed=observed)
    expert.log_likelihood(expert.posterior(x).rsample((1,)), x).sum().backward()
    gradients = [parameter.grad for parameter in expert.encoder.parameters()]
    assert all(gradient is not None and torch.isfinite(gradient).all() for gradient in gradients)


@torch.no_grad()
def test_the_queries_of_the_encoder_see_each_other(expert_and_input):
    expert, x = expert_and_input
    before = expert.encoder(x)
    expert.encoder.queries[0] += torch.linspace(-1, 1, before.shape[-1])
    after = expert.encoder(x)
    assert ((after - before)[:, 1:].abs().amax((0, 2)) > 1e-5).all()


@torch.no_grad()
@pytest.mark.parametrize("n_queries, n_context", [(3, 20), (20, 3), (8, 8)])
@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("layers", [Layers, FoldedLayers])
def test_attention_is_the_usual_one(layers, n_queries, n_context, masked):
    """Whichever side is the longer, and whichever form: against PyTorch's multi-head attention."""
    torch.manual_seed(0)
    layer = CrossAttention(RECIPES["text"])
    query, context = torch.randn(2, n_queries, 32), torch.randn(2, n_context, 32)
    observed = torch.rand(2, n_context) < 0.6 if masked else None
    projections = layer.to_query, layer.to_key, layer.to_value
    usual, _ = multi_head_attention_forward(
        layer.norm_query(query).transpose(0, 1),
        *[layer.norm_context(context).transpose(0, 1)] * 2,
        embed_dim_to_check=32,
        num_heads=4,
        in_proj_weight=torch.cat([linear.weight for linear in projections]),
        in_proj_bias=torch.cat([layer.to_query.bias, torch.randn(32), layer.to_value.bias]),
        bias_k=None,
        bias_v=None,
        add_zero_attn=False,
        dropout_p=0.0,
        out_proj_weight=layer.to_out.weight,
        out_proj_bias=layer.to_out.bias,
        key_padding_mask=None if observed is None else ~observed,
    )
    expected = query + usual.transpose(0, 1)
    expected = expected + layer.mlp(layer.norm_mlp(expected))
    (attending,) = layers([layer]).prepared()
    assert_close(attending(query, context, observed), expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("recipe", ["text", "improved", "large"])
def test_folded_attention_has_the_value_and_the_gradient_of_the_textbook(pairs, name, recipe):
    """Of each model with the same parameters by the same names, in double precision."""
    recipe = recipe_for(name, recipe)
    folded = new_model(name, recipe, seed=0).double()
    textbook = ARCHITECTURES[recipe.architecture].models()[name](recipe).double()
    assert any(isinstance(part, FoldedLayers) for part in folded.modules())
    assert not any(isinstance(part, FoldedLayers) for part in textbook.modules())
    textbook.load_state_dict(folded.state_dict())
    batch = as_double(pairs[0].take(torch.arange(6)))
    noise = laplace(folded.n_posteriors, 2, 6, 4, 4)
    found = []
    for model in (folded, textbook):
        loss = model(batch, noise, torch.arange(0, 50, 3))
        loss.mean().backward()
        gradients = {name: p.grad for name, p in model.named_parameters() if p.grad is not None}
        found.append((loss.detach(), gradients))
    assert found[0][1]
    assert_close(found[0], found[1], rtol=1e-9, atol=1e-9)


def as_double(batch):
    """The batch in double precision, in which two orders of a sum agree to many digits."""
    parts = {}
    for name in ("photometry", "spectrum"):
        values = vars(getattr(batch, name))
        doubled = {key: v.double() if v.is_floating_point() else v for key, v in values.items()}
        parts[name] = replace(getattr(batch, name), **doubled)
    return replace(batch, **parts, parameters=batch.parameters.double())


def laplace(*shape):
    rng = np.random.default_rng(0)
    return torch.from_numpy(rng.laplace(size=shape))
