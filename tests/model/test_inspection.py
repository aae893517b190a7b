"""What is seen of a transceiver on its way is what it computes."""

from dataclasses import replace

import pytest
import torch
from torch.nn.functional import multi_head_attention_forward
from torch.testing import assert_close

from snlib.model.inspection import parameter_table, trace
from snlib.model.recipes import RECIPES
from snlib.model.registry import new_model


@pytest.fixture
def model(textbook):
    return textbook


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
    run = trace(vae.decoder, z, x.at(torch.arange(n_asked_for)))
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


def test_a_failed_trace_leaves_no_hook(model, photometry, monkeypatch):
    def fails(_):
        raise RuntimeError("of the last norm")

    encoder = model.photometry.encoder
    monkeypatch.setattr(encoder.norm, "forward", fails)
    with pytest.raises(RuntimeError, match="of the last norm"):
        trace(encoder, photometry)
    assert not encoder.layers[0]._forward_pre_hooks


def test_every_parameter_is_counted_once(model):
    table = parameter_table(model)
    for modality in ("photometry", "spectrum"):
        vae = getattr(model, modality)
        assert table[modality].sum() == sum(p.numel() for p in vae.parameters())
        counted = sum(p.numel() for p in vae.encoder.layers.parameters())
        assert table.loc["encoder.layers", modality] == counted
    assert table.loc["encoder.phase", "photometry"] == 0
    assert table.loc["encoder.position.band", "spectrum"] == 0


def test_folded_attention_has_no_weights_to_look_at(photometry):
    with pytest.raises(ValueError, match="folded"):
        trace(new_model("mmvae", RECIPES["text"], 0).photometry.encoder, photometry)
