"""Exported graphs against the library: the numbers, their axes, and what the files say of themselves."""

import hashlib
import json
import runpy
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from snlib.data.events import LightCurves
from snlib.data.quantities import BANDS, WAVELENGTH_AA
from snlib.data.ragged import RaggedLightCurves
from snlib.inference.embedding import embed
from snlib.inference.posteriors import from_spectra, spectrum_query
from snlib.inference.shipped import DEFAULT_WEIGHTS
from snlib.model.registry import new_model, recipe_for
from snlib.model.weights import load_model
from snlib.replication.evaluated import EVALUATED
from snlib.simulation.simulator import simulate

pytest.importorskip("onnxscript", reason="needs snlib[onnx]: onnxscript is not installed")
pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")

import onnx

from snlib.export import parts_of, to_onnx
from tests.export.exporting import assert_agree, by_pytorch, random_inputs, session

ROOT = Path(__file__).parents[2]
PARTS = ("photometry-encoder", "photometry-decoder", "spectrum-encoder", "spectrum-decoder", "predictive")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """What the command line makes of the shipped weights."""
    out = tmp_path_factory.mktemp("exported")
    command = [sys.executable, "-m", "snlib", "export", "--weights", "large", "--out", str(out)]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert said.stdout == "" and all(line[:7] in ("", "export:") for line in said.stderr.splitlines())
    return out


@pytest.fixture(scope="module")
def saved():
    return load_model(DEFAULT_WEIGHTS)


@pytest.fixture(scope="module")
def model(saved):
    return saved.model.eval()


@pytest.fixture(scope="module")
def sessions(folder):
    return {name: session(folder / f"{DEFAULT_WEIGHTS.stem}-{name}.onnx") for name in PARTS}


@pytest.fixture(scope="module")
def test_events():
    return simulate(4, seed=20)


def inputs_of(curves):
    numbers = {name: getattr(curves, name).astype(float) for name in ("phase_days", "magnitude")}
    return numbers | {"band": curves.band.astype(np.int64), "observed": curves.observed}


# Numbers


def test_simulated_light_curves_and_spectra(saved, model, sessions, test_events):
    curves = test_events.light_curves
    ours = sessions["photometry-encoder"].run(None, inputs_of(curves))
    for one, other in zip(ours, embed(model, saved.scaling, curves), strict=True):
        assert_agree(one, other)
    spectra = test_events.spectra
    for place in range(len(test_events)):
        event = test_events.select([place])
        theirs = from_spectra(model.spectrum, saved.scaling, event)
        wavelength_aa = np.tile(spectra.wavelength_aa, (len(spectra.phase_days), 1))
        inputs = {"phase_days": spectra.phase_days, "wavelength_aa": wavelength_aa}
        inputs |= {"log10_fnu": spectra.log10_fnu[place].astype(float), "observed": spectra.observed[place]}
        ours = sessions["spectrum-encoder"].run(None, inputs)
        assert_agree(ours[0], theirs.loc.numpy())
        assert_agree(ours[1], theirs.scale.numpy())


@torch.no_grad()
def test_decoded_and_predicted_spectra(saved, model, sessions, test_events):
    phase_days, wavelength_aa = np.array([-10.0, 3.5, 30.0]), WAVELENGTH_AA[::7]
    where = {"phase_days": phase_days, "wavelength_aa": wavelength_aa}
    query = spectrum_query(saved.scaling, phase_days, wavelength_aa, "cpu")
    mean, unit = saved.scaling.log10_fnu
    curves = test_events.light_curves.select([0, 1, 2])  # a phase each
    photometry = saved.scaling.photometry(curves)
    latent = model.photometry.posterior(photometry).loc
    theirs = model.spectrum.likelihood(latent[None], query)
    ours = sessions["spectrum-decoder"].run(None, {"latent": latent.numpy(), **where})
    assert_agree(ours[0], mean + unit * theirs.loc[0].numpy())
    assert_agree(ours[1], unit * theirs.scale[0].numpy())
    inputs = {"spectrum_phase_days": phase_days, "wavelength_aa": wavelength_aa, **inputs_of(curves)}
    theirs = model.predictive(photometry, query)
    for one, other, shift in zip(
        sessions["predictive"].run(None, inputs),
        (theirs.loc, theirs.scale, theirs.factors),
        (mean, 0, 0),
        strict=True,
    ):
        assert_agree(one, shift + unit * other.numpy())


@torch.no_grad()
def test_decoded_magnitudes(saved, model, sessions, test_events):
    curves = RaggedLightCurves.from_padded(test_events.object_id, test_events.light_curves).padded([0])
    photometry = saved.scaling.photometry(curves)
    latent = torch.full((1, 4, 4), 0.3)
    theirs = model.photometry.likelihood(latent[None], photometry)
    mean, unit = saved.scaling.magnitude
    inputs = {"latent": latent.numpy(), "phase_days": curves.phase_days, "band": curves.band}
    ours = sessions["photometry-decoder"].run(None, inputs)
    assert_agree(ours[0], mean + unit * theirs.loc[0].numpy())
    assert_agree(ours[1], unit * theirs.scale[0].numpy())


@pytest.mark.parametrize("name", ["photometry-encoder", "spectrum-encoder"])
def test_nothing_observed_gives_the_prior(name, saved, model, sessions):
    inputs = random_inputs(parts_of(model, saved.scaling)[name], 3, 6, np.random.default_rng(1))
    location, scale = sessions[name].run(None, inputs)
    assert (location[-1] == 0).all() and (scale[-1] == 1).all()
    assert (location[:-1] != 0).all()


@pytest.mark.parametrize("name", ["photometry-encoder", "spectrum-encoder"])
def test_what_is_not_observed_may_be_anything(name, saved, model, sessions):
    inputs = random_inputs(parts_of(model, saved.scaling)[name], 4, 9, np.random.default_rng(2))
    before = sessions[name].run(None, inputs)
    of_points = [key for key, values in inputs.items() if values.ndim == 2 and key != "observed"]
    for key, anything in zip(of_points, (np.nan, -1, np.inf), strict=False):
        inputs[key][~inputs["observed"]] = anything
    longer = ((0, 0), (0, 30))  # observed: False
    padded = inputs | {key: np.pad(inputs[key], longer) for key in (*of_points, "observed")}
    for changed in (inputs, padded):
        for one, other in zip(sessions[name].run(None, changed), before, strict=True):
            assert_agree(one, other)


@pytest.mark.parametrize(
    "recipe, name",
    [
        (recipe_for("mmvae", "text"), "spectrum-decoder"),  # with a fixed scale
        (EVALUATED, "spectrum-encoder"),  # with torch's own attention
        (EVALUATED, "spectrum-decoder"),  # whose pixels attend to each other
    ],
    ids=lambda value: value if isinstance(value, str) else value.name,
)
def test_models_that_are_built_otherwise(recipe, name, dataset):
    small = replace(recipe, d_model=16, d_mlp=16, n_layers=1, n_heads=2)
    part = parts_of(new_model("mmvae", small, seed=3).eval(), dataset.scaling)[name]
    exported, rng = session(to_onnx(part).SerializeToString()), np.random.default_rng(4)
    for n_batch, n in [(1, 1), (2, 3), (5, 70)]:
        inputs = random_inputs(part, n_batch, n, rng)
        for ours, theirs in zip(exported.run(None, inputs), by_pytorch(part, inputs), strict=True):
            assert_agree(ours, theirs)


# What the files say


@pytest.mark.parametrize("name", PARTS)
def test_axes_of_any_length_have_names(name, sessions):
    meta = sessions[name].get_modelmeta().custom_metadata_map
    for kind, values in (("inputs", sessions[name].get_inputs()), ("outputs", sessions[name].get_outputs())):
        said = json.loads(meta[kind])
        assert [(one["name"], one["axes"]) for one in said] == [(one.name, one.shape) for one in values]
        assert all(isinstance(one.shape[0], str) for one in values)
        types = {"double": "float64", "float": "float32", "int64": "int64", "bool": "bool"}
        assert [one["dtype"] for one in said] == [types[one.type[7:-1]] for one in values]


@pytest.mark.parametrize("name", PARTS)
def test_scaling_is_not_rounded_to_single_precision(name, folder, saved):
    """The exporter rounds numbers; of a wavelength this moved the latents of spectra by 6e-5."""
    graph = onnx.load(folder / f"{DEFAULT_WEIGHTS.stem}-{name}.onnx").graph
    double = [
        onnx.numpy_helper.to_array(one)
        for one in graph.initializer
        if one.data_type == onnx.TensorProto.DOUBLE
    ]
    pairs = [pair for key, pair in saved.scaling.to_dict().items() if key != "parameters"]
    assert double and {float(one) for one in double} <= {number for pair in pairs for number in pair}


@pytest.mark.parametrize("name", PARTS)
def test_metadata(name, sessions, saved):
    meta = sessions[name].get_modelmeta().custom_metadata_map
    assert meta["part"] == name and meta["weights"] == DEFAULT_WEIGHTS.stem
    assert meta["weights_sha256"] == hashlib.sha256(DEFAULT_WEIGHTS.read_bytes()).hexdigest()
    assert json.loads(meta["recipe"]) == saved.model.recipe.to_dict()
    assert json.loads(meta["provenance"]) == saved.provenance
    assert "observed is True where" in meta["mask_rule"] and tuple(json.loads(meta["bands"])) == BANDS
    assert json.loads(meta["scaling"])["magnitude"] == list(saved.scaling.magnitude)
    assert meta["distribution"].startswith("normal" if name == "predictive" else "Laplace")
    assert ("recalibration" in meta) == (name == "predictive")
    units = {one["name"]: one["unit"] for one in json.loads(meta["inputs"]) + json.loads(meta["outputs"])}
    expected = {
        "phase_days": "day",
        "magnitude": "mag",
        "wavelength_aa": "Angstrom",
        "band": "",
        "latent": "",
    }
    assert {key: units[key] for key in units if key in expected} == {
        key: expected[key] for key in units if key in expected
    }


def test_the_files_name_no_folder_of_the_machine_that_made_them(folder):
    for path in folder.iterdir():
        content = path.read_bytes()
        assert b".py" not in content and str(ROOT).encode() not in content


# Without PyTorch


def test_the_example_runs_without_pytorch(folder, saved, model, tmp_path):
    code = (
        "import runpy, sys\n"
        "for name in ('torch', 'onnx', 'onnxscript', 'snlib', 'pandas', 'scipy'):\n"
        "    sys.modules[name] = None\n"
        "sys.argv = sys.argv[1:]\n"
        "runpy.run_path(sys.argv[0], run_name='__main__')\n"
    )
    script = ROOT / "examples" / "spectrum_from_magnitudes.py"
    command = [sys.executable, "-c", code, str(script), str(folder)]
    said = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    rows = [[float(word) for word in line.split()] for line in said.splitlines()]
    latent, spectrum = np.array(rows[:4]), np.array(rows[4:])
    phase_days, band, magnitude = map(np.array, zip(*runpy.run_path(str(script))["LIGHT_CURVE"], strict=True))
    index = np.array([BANDS.index(name) for name in band])
    location = embed(model, saved.scaling, LightCurves(phase_days[None], magnitude[None], index[None]))[0]
    assert_agree(latent, location[0])
    query = spectrum_query(saved.scaling, np.zeros(1), spectrum[:, 0], "cpu")
    with torch.no_grad():
        theirs = model.spectrum.likelihood(torch.from_numpy(location)[None], query)
    mean, unit = saved.scaling.log10_fnu
    assert_agree(spectrum[:, 1], mean + unit * theirs.loc[0, 0].numpy())
    assert_agree(spectrum[:, 2], unit * theirs.scale[0, 0].numpy())
