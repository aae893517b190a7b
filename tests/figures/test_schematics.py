"""What the schematics join is what depends on what in the modules, and sizes are those of the modules."""

import re
from dataclasses import replace
from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from matplotlib.collections import PathCollection
from matplotlib.colors import to_hex
from torch import nn

from snlib.data.events import LightCurves
from snlib.data.quantities import BANDS
from snlib.figures.schematics import (
    plot_light_curve_embedding,
    plot_mixture,
    plot_spectrum_embedding,
    plot_transceiver,
)
from snlib.figures.style import BAND_COLOURS, method_colour, use_style
from snlib.model.inspection import trace
from snlib.model.mmvae import MMVAE
from snlib.model.recipes import RECIPES
from snlib.model.transceiver import Sinusoid
from tests.figures.artists import labelled, the

NEAR = 1e-6  # inches


SIZES = {
    "text": {},
    "small": {"d_model": 16, "n_layers": 2, "n_heads": 2, "latent_tokens": 3, "latent_dim": 5},
}


@pytest.fixture(params=SIZES)
def model(request):
    """Two models of different sizes, with the attention of the textbook."""
    torch.manual_seed(0)
    return MMVAE(replace(RECIPES["text"], **SIZES[request.param])).eval()


@pytest.fixture(autouse=True)
def style_of_the_book():
    with plt.rc_context():
        use_style()
        yield


def canvas(height):
    return plt.subplots(figsize=(9, height))[1]


def physical(photometry):
    magnitude = photometry.value.where(photometry.observed, torch.nan)
    phase_days = photometry.time.where(photometry.observed, torch.nan)
    return LightCurves(phase_days.numpy(), magnitude.numpy(), photometry.band.numpy())


def pixels(spectrum):
    flux = spectrum.value[0].where(spectrum.observed[0], torch.nan).numpy()
    return spectrum.wavelength.numpy(), flux


def light_curve_embedding(model, photometry):
    ax = canvas(2.75)
    plot_light_curve_embedding(ax, model.photometry.encoder, physical(photometry))
    return ax


def spectrum_embedding(model, spectrum):
    ax = canvas(2.75)
    plot_spectrum_embedding(ax, model.spectrum.encoder, *pixels(spectrum), -10.0)
    return ax


def transceiver(vae, x):
    ax = canvas(4.2)
    plot_transceiver(ax, vae, x)
    return ax


def mixture(model, photometry, spectrum):
    ax = canvas(3.7)
    plot_mixture(ax, model, physical(photometry), *pixels(spectrum))
    return ax


def extents(patch):
    return patch.get_path().get_extents(patch.get_patch_transform()).extents


def joined(ax, ends):
    """The (start, end) by name of lines whose ends are given, shape (n, 2, 2)."""
    boxes = [patch for patch in ax.patches if patch.get_zorder() > 0]
    places = np.array([extents(patch) for patch in boxes])
    ends = np.asarray(ends, float)[:, :, None]
    inside = ((places[:, :2] - NEAR <= ends) & (ends <= places[:, 2:] + NEAR)).all(-1)
    return {tuple(boxes[line.argmax()].get_label() for line in both) for both in inside if both.any(1).all()}


def arrows(ax):
    return [text for text in ax.texts if getattr(text, "arrow_patch", None) is not None]


def edges(ax, drawn=None):
    """The (start, end) of arrows from box to box; those to or from a grid of the latent are of all of it."""
    ends = [(arrow.xyann, arrow.xy) for arrow in (arrows(ax) if drawn is None else drawn)]
    return {
        tuple(re.sub("(sample|location|scale) .*", r"\1", name) for name in pair) for pair in joined(ax, ends)
    }


def reached(ways, start):
    """Everything that arrows lead to from a start."""
    found, new = set(), {start}
    while new:
        found |= new
        new = {end for begin, end in ways if begin in new} - found
    return found


def links(ax, name):
    """(start, end) of each line of a bundle."""
    (bundle,) = [c for c in ax.collections if isinstance(c, PathCollection) and c.get_label() == name]
    return joined(ax, [(path.vertices[0], path.vertices[-1]) for path in bundle.get_paths()])


def words(ax):
    return [text.get_text() for text in ax.texts if text.get_text()]


def tokens_that_change(encoder, x, name):
    """The tokens that are others if one number of the first observation is another."""
    first, values = int(x.observed[0].float().argmax()), getattr(x, name).clone()
    where = (0, first) if values.ndim == 2 else (first if name == "wavelength" else 0,)
    values[where] = (values[where] + 1) % len(BANDS) if name == "band" else values[where] + 0.5
    one, other = (trace(encoder, y).context[0] for y in (x, replace(x, **{name: values})))
    return {f"token {i}" for i in torch.argwhere((one != other).any(-1))[:, 0].tolist()}


LIGHT_CURVE = {"time": "time", "band": "band", "magnitude": "value"}
SPECTRUM = {"wavelength": "wavelength", "log flux": "value", "phase": "phase"}


@pytest.mark.parametrize("name", LIGHT_CURVE)
def test_numbers_of_an_observation_lead_to_its_token(model, photometry, name):
    ways = edges(light_curve_embedding(model, photometry))
    tokens = {end for end in reached(ways, name) if end.startswith("token")}
    assert tokens == tokens_that_change(model.photometry.encoder, photometry, LIGHT_CURVE[name])
    assert ("light curve", name) in ways
    assert {f"{name} embedding", f"{name} vector", "sum"} <= reached(ways, name)


@pytest.mark.parametrize("name", SPECTRUM)
def test_numbers_of_a_pixel_lead_to_its_token_and_the_phase_to_the_last(model, spectrum, name):
    ways = edges(spectrum_embedding(model, spectrum))
    tokens = {end for end in reached(ways, name) if end.startswith("token")}
    assert tokens == tokens_that_change(model.spectrum.encoder, spectrum, SPECTRUM[name])
    assert ("spectrum", name) in ways
    assert ("sum" in reached(ways, name)) == (name != "phase")


def words_in(ax, name):
    """The words in the middle of a box."""
    (place,) = [extents(patch) for patch in ax.patches if patch.get_label() == name]
    middle = pytest.approx(((place[0] + place[2]) / 2, (place[1] + place[3]) / 2))
    return the(text.get_text() for text in ax.texts if text.get_text() and text.get_position() == middle)


def test_embeddings_are_called_what_they_are(model, photometry, spectrum):
    of_photometry, of_spectrum = model.photometry.encoder, model.spectrum.encoder
    words_of = {
        Sinusoid: "sinusoid,\nlearned MLP",
        nn.Linear: "linear",
        nn.Embedding: "one vector for\neach of 6",
    }
    ax = light_curve_embedding(model, photometry)
    modules = {"time": of_photometry.position.time, "band": of_photometry.position.band}
    for name, module in (modules | {"magnitude": of_photometry.value}).items():
        assert words_in(ax, f"{name} embedding") == words_of[type(module)]
    ax = spectrum_embedding(model, spectrum)
    modules = {"wavelength": of_spectrum.position.wavelength, "log flux": of_spectrum.value}
    for name, module in (modules | {"phase": of_spectrum.phase}).items():
        assert words_in(ax, f"{name} embedding") == words_of[type(module)]
    ax = transceiver(model.spectrum, spectrum)
    assert words_in(ax, "to location") == "linear" and words_in(ax, "to scale") == "linear,\nsoftplus"


def test_the_example_is_the_first_observation(model, photometry, spectrum):
    """It is circled, and its numbers are written."""
    ax, curves = light_curve_embedding(model, photometry), physical(photometry)
    slot = np.flatnonzero(curves.observed[0])[0]
    first, *_, circle = ax.lines
    assert circle.get_fillstyle() == "none" and first.get_xydata().tolist() == circle.get_xydata().tolist()
    band = BANDS[curves.band[0, slot]]
    assert first.get_color() == BAND_COLOURS[band]
    numbers = f"time\n{curves.phase_days[0, slot]:+.1f} d", f"magnitude\n{curves.magnitude[0, slot]:.1f}"
    assert {*numbers, f"band\n{band}"} <= {text.replace("−", "-") for text in words(ax)}
    ax, (wavelength_aa, flux) = spectrum_embedding(model, spectrum), pixels(spectrum)
    pixel = np.flatnonzero(~np.isnan(flux))[0]
    line, circle = ax.lines
    assert line.get_xydata()[pixel].tolist() == circle.get_xydata()[0].tolist()
    numbers = {f"wavelength\n{wavelength_aa[pixel]:.0f} Å", f"log flux\n{flux[pixel]:.2f}", "phase\n-10 d"}
    assert numbers <= {text.replace("−", "-") for text in words(ax)}


def test_pictures_are_the_data(model, photometry, spectrum):
    """Up to where they begin and how wide and high they are."""
    ax, curves = light_curve_embedding(model, photometry), physical(photometry)
    seen = curves.observed[0]
    drawn = np.concatenate([line.get_xydata() for line in ax.lines[:-1]])
    for axis, data in enumerate((curves.phase_days[0][seen], -curves.magnitude[0][seen])):
        assert np.corrcoef(drawn[:, axis], data)[0, 1] == pytest.approx(1)
    drawn = spectrum_embedding(model, spectrum).lines[0].get_xydata()
    seen = spectrum.observed[0].numpy()
    assert np.isnan(drawn[~seen, 1]).all()
    for axis, data in enumerate(pixels(spectrum)):
        assert np.corrcoef(drawn[seen, axis], data[seen])[0, 1] == pytest.approx(1)


def hatched(ax):
    return [bool(patch.get_hatch()) for patch in ax.patches if patch.get_label().startswith("token")]


def test_masked_tokens_are_hatched(model, photometry, spectrum):
    of_photometry, of_spectrum = photometry.observed[0].tolist(), spectrum.observed[0].tolist()
    for masked, ax in (
        ([not seen for seen in of_photometry], light_curve_embedding(model, photometry)),
        ([not seen for seen in of_photometry], transceiver(model.photometry, photometry)),
        ([not seen for seen in of_spectrum] + [False], spectrum_embedding(model, spectrum)),
        ([not seen for seen in of_spectrum] + [False], transceiver(model.spectrum, spectrum)),
    ):
        assert hatched(ax) == masked
    slots = zip(photometry.band[0], of_photometry, strict=True)
    bands = [BANDS[band] if seen else "padding" for band, seen in slots]
    assert words(light_curve_embedding(model, photometry))[-len(bands) :] == bands


def test_sizes_are_read_from_the_modules(model, photometry, spectrum):
    recipe = model.recipe
    for ax, n in ((light_curve_embedding(model, photometry), 12), (spectrum_embedding(model, spectrum), 41)):
        assert {f"{n} tokens of\n{recipe.d_model} numbers", f"{recipe.d_model} numbers\neach"} <= set(
            words(ax)
        )
    written = words(transceiver(model.spectrum, spectrum))
    latent = f"{recipe.latent_tokens} × {recipe.latent_dim}\nsample $z$"
    queries = f"{2 * recipe.latent_tokens} × {recipe.d_model}\nlearned queries"
    assert {latent, queries, f"41 × {recipe.d_model}\ntokens"} <= set(written)
    layers = f"{recipe.n_layers} layers of {recipe.n_heads} heads"
    assert sum(layers in text for text in written) == 2


def attended(weights, context, queries):
    """(context, query) wherever a weight of any layer and head is not zero."""
    pairs = torch.argwhere(weights.amax((0, 1)) > 0).tolist()
    return {(context[c], queries[q]) for q, c in pairs if context[c] != queries[q]}


def test_lines_are_where_attention_is(expert_and_input):
    vae, x = expert_and_input
    ax, is_spectrum, n = transceiver(vae, x), vae.modality == "spectrum", x.value.shape[1]
    tokens = [f"token {i}" for i in range(n + is_spectrum)]
    queries = [f"query {i}" for i in range(len(vae.encoder.queries))]
    drawn = links(ax, "encoder attention") | links(ax, "encoder attention to queries")
    assert drawn == attended(trace(vae.encoder, x).weights[:, 0], tokens + queries, queries)
    recipe = vae.recipe
    latents = [f"sample {i}" for i in range(recipe.latent_tokens)] + ["phase"] * is_spectrum
    positions = [f"position {i}" for i in range(n)]
    z = torch.linspace(-1, 1, recipe.latent_tokens * recipe.latent_dim)
    z = z.reshape(1, 1, recipe.latent_tokens, recipe.latent_dim).expand(1, len(x.value), -1, -1)
    expected = attended(trace(vae.decoder, z, x).weights[:, 0], latents, positions)
    assert links(ax, "decoder attention") == expected


def beside(ax, bracket):
    """The queries that a vertical line runs along, by their numbers."""
    rows = {patch.get_label(): extents(patch) for patch in ax.patches if patch.get_label()[:5] == "query"}
    low, high = bracket[:, 1].min() - NEAR, bracket[:, 1].max() + NEAR
    return [int(name[6:]) for name, row in rows.items() if low <= (row[1] + row[3]) / 2 <= high]


@torch.no_grad()
@pytest.mark.parametrize(("name", "part"), [("location", "loc"), ("scale", "scale")])
def test_half_of_the_queries_give_the_location_and_half_the_scale(expert_and_input, name, part):
    vae, x = expert_and_input
    ax = transceiver(vae, x)
    bracket = np.array(labelled(ax.collections, f"queries of {name}").get_segments()[0])
    (module,) = [extents(patch) for patch in ax.patches if patch.get_label() == f"to {name}"]
    (arrow,) = [
        arrow for arrow in arrows(ax) if arrow.xy[0] == module[0] and module[1] < arrow.xy[1] < module[3]
    ]
    assert arrow.xyann == pytest.approx(bracket.mean(0))
    output = vae.encoder(x)
    changed = output.clone()
    changed[:, beside(ax, bracket)] *= torch.linspace(0.5, 2, output.shape[-1])
    one, other = vae.posterior_of(output, x), vae.posterior_of(changed, x)
    same = {"loc": torch.equal(one.loc, other.loc), "scale": torch.equal(one.scale, other.scale)}
    assert same == {"loc": part != "loc", "scale": part != "scale"}


def test_the_latent_is_drawn_from_location_and_scale_and_each_position_has_a_value(expert_and_input):
    vae, x = expert_and_input
    ax = transceiver(vae, x)
    latent = {("to location", "location"), ("to scale", "scale"), ("location", "sample"), ("scale", "sample")}
    assert edges(ax) == latent | {(f"position {i}", f"value {i}") for i in range(x.value.shape[1])}


def test_no_arrow_hangs_in_the_air(model, photometry, spectrum):
    """Each begins and ends at a box, but for two that begin at brackets beside the queries."""
    for ax, n_brackets in zip(schematics(model, photometry, spectrum), (0, 0, 2, 2, 0), strict=True):
        assert (
            len(joined(ax, [(arrow.xyann, arrow.xy) for arrow in arrows(ax)])) == len(arrows(ax)) - n_brackets
        )


def test_each_modality_leads_to_both_through_one_latent(model, photometry, spectrum):
    ax = mixture(model, photometry, spectrum)
    ways = edges(ax)
    for name in ("light curve", "spectrum"):
        assert {"sample", "decoded light curve", "decoded spectrum"} <= reached(ways, name)
        past = {(start, end) for start, end in ways if start != "sample"}
        assert not {"decoded light curve", "decoded spectrum"} & reached(past, name)
    assert f"frac{{1}}{{{model.n_posteriors}}}" in " ".join(words(ax))


def test_each_modality_has_an_encoder_and_a_decoder_of_its_own(model, photometry, spectrum):
    ways = edges(mixture(model, photometry, spectrum))
    for number, name in enumerate(("light curve", "spectrum"), 1):
        way = name, f"encoder {number}", f"expert {number}", "sample"
        assert reached(ways, name) - reached(ways, "sample") == set(way[:-1])
        assert {*pairwise(way)} <= ways
        assert {("sample", f"decoder {number}"), (f"decoder {number}", f"decoded {name}")} <= ways


def test_encoders_become_narrower_and_decoders_wider(model, photometry, spectrum):
    for patch in mixture(model, photometry, spectrum).patches:
        part = patch.get_label().split()[0]
        if part in ("encoder", "decoder"):
            x, y = patch.get_xy().T
            left, right = (np.ptp(y[x == end]) for end in (x.min(), x.max()))
            assert left > right if part == "encoder" else left < right


def test_the_way_from_light_curve_to_spectrum_has_the_colour_of_the_mmvae(model, photometry, spectrum):
    ax = mixture(model, photometry, spectrum)
    blue = [a for a in arrows(ax) if to_hex(a.arrow_patch.get_edgecolor()) == method_colour("MMVAE").lower()]
    way = ("light curve", "encoder 1", "expert 1", "sample", "decoder 2", "decoded spectrum")
    assert edges(ax, blue) == {*pairwise(way)}


def schematics(model, photometry, spectrum):
    yield light_curve_embedding(model, photometry)
    yield spectrum_embedding(model, spectrum)
    yield transceiver(model.photometry, photometry)
    yield transceiver(model.spectrum, spectrum)
    yield mixture(model, photometry, spectrum)


def test_words_stay_in_their_boxes_and_on_the_canvas_and_apart(model, photometry, spectrum):
    """At the sizes that the functions ask for, with the fonts of the book."""
    for ax in schematics(model, photometry.at(slice(0, 10)), spectrum):
        ax.figure.canvas.draw()
        texts = [text for text in ax.texts if text.get_text()]
        places = [text.get_window_extent() for text in texts]
        boxes = [patch.get_window_extent() for patch in ax.patches if patch.get_zorder() > 0]
        for number, (text, place) in enumerate(zip(texts, places, strict=True)):
            assert all(ax.get_window_extent().padded(1).contains(*corner) for corner in place.corners()), text
            assert not any(place.overlaps(other) for other in places[number + 1 :]), text
            around = [edge for edge in boxes if edge.overlaps(place)]
            assert all(edge.contains(*corner) for edge in around for corner in place.corners()), text


@pytest.mark.parametrize("n", [1, 2, 9])
def test_any_number_of_slots_and_pixels(model, photometry, spectrum, n):
    some = torch.argwhere(spectrum.observed[0])[:n, 0]
    assert len(hatched(spectrum_embedding(model, spectrum.at(some)))) == n + 1
    some = torch.argwhere(photometry.observed[0])[:n, 0]
    ax = light_curve_embedding(model, photometry.at(some))
    assert len(hatched(ax)) == len(ax.lines) - 1 == len(some)
    assert np.isfinite([line.get_xydata() for line in ax.lines]).all()


def test_nothing_observed_is_refused(model, photometry, spectrum):
    nothing = replace(photometry, observed=torch.zeros_like(photometry.observed))
    with pytest.raises(IndexError):
        light_curve_embedding(model, nothing)
    with pytest.raises(IndexError):
        spectrum_embedding(model, replace(spectrum, observed=torch.zeros_like(spectrum.observed)))


def test_only_the_axes_given_are_drawn_into(model, photometry, spectrum):
    for ax in schematics(model, photometry, spectrum):
        assert ax.figure.axes == [ax]
    assert len(plt.get_fignums()) == 5
