"""Fixtures: small events, a small model, and the published sample where it is at hand."""

import os
import sys
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch
from jaxtyping import install_import_hook

# Every test checks the shapes that the model's arguments are annotated with; on a card the model is compiled,
# and the compiler does not understand the checks.
if not torch.cuda.is_available():
    install_import_hook("snlib.model", "beartype.beartype")

from snlib.__main__ import main
from snlib.data.batches import Photometry, Spectrum
from snlib.data.dataset import make_dataset, split_events
from snlib.data.events import Events, LightCurves, Spectra
from snlib.model.mmvae import MMVAE
from snlib.model.recipes import RECIPES
from snlib.model.registry import new_model
from snlib.training.steps import use_one_core

use_one_core()  # as `snlib.replication.run.open_run` does


@pytest.fixture(scope="session")
def published_folder():
    folder = os.environ.get("SNLIB_PUBLISHED_SAMPLE")
    if not folder:
        pytest.skip("needs the published sample: set SNLIB_PUBLISHED_SAMPLE to its folder")
    return Path(folder)


class Killed(BaseException):
    """In place of a signal that cannot be caught."""


class _Kills:
    """Ends what changes files before a chosen change, and lets nothing be changed after it."""

    def __init__(self):
        self.left = None  # changes to go; None while nothing is to be killed
        sys.addaudithook(self)  # cannot be removed

    def __call__(self, event, arguments):
        if self.left is not None and self._changes(event, arguments):
            self.left -= 1
            if self.left < 0:
                raise Killed

    @staticmethod
    def _changes(event, arguments):
        opened = event == "open" and arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
        return opened or event in ("os.mkdir", "os.remove", "os.rename", "os.rmdir", "os.truncate")

    def each(self, function):
        """Run a function again and again, killed before its first, second, ... change; yield after each.

        The last time it comes to its end.
        """
        done, n = False, 0
        while not done:
            self.left = n
            try:
                function()
                done = True
            except Killed:
                n += 1
            finally:
                self.left = None
            yield


_kills = cache(_Kills)


@pytest.fixture
def killed_at_each_change():
    """Run a function, killed before each of its changes to files in turn: see `_Kills.each`."""
    return _kills().each


@pytest.fixture
def events():
    """Twenty events whose light curve and spectra follow one number, with gaps."""
    rng = np.random.default_rng(0)
    n, slots, wavelength = 20, 30, np.linspace(3000.0, 8000.0, 50)
    brightness = rng.normal(size=n)
    phase_days = rng.uniform(-15, 70, (n, slots))
    magnitude = -18 + brightness[:, None] + 0.02 * phase_days
    magnitude[rng.random((n, slots)) < 0.3] = np.nan
    flux = -12 - 0.4 * brightness[:, None, None] + 0.1 * np.sin(wavelength / 300) * np.ones((n, 5, 1))
    flux[rng.random(flux.shape) < 0.05] = np.nan
    return Events(
        np.array([f"event-{i}" for i in range(n)]),
        np.array([1.0, 1.0, 0.5, 0.45, 0.05, 50.0]) * np.exp(0.2 * brightness)[:, None],
        LightCurves(phase_days, magnitude, rng.integers(0, 6, (n, slots))),
        Spectra(np.array([-10.0, 0.0, 10.0, 20.0, 30.0]), wavelength, flux),
        {"source": "test"},
    )


@pytest.fixture
def dataset(events):
    return make_dataset(events, split_events(len(events), seed=0))


@pytest.fixture
def pairs(dataset):
    return dataset.pairs("train", "cpu"), dataset.pairs("validation", "cpu")


@pytest.fixture
def small_recipe():
    return replace(
        RECIPES["improved"], d_model=16, d_mlp=16, n_layers=2, n_heads=2, n_wavelengths=20, batch_size=8
    )


@pytest.fixture(params=["text", "improved"])
def model(request):
    return new_model("mmvae", RECIPES[request.param], seed=0).eval()


@pytest.fixture(params=RECIPES)
def textbook(request):
    """An MMVAE with the attention of the textbook, whose weights can be looked at."""
    torch.manual_seed(0)
    return MMVAE(RECIPES[request.param]).eval()


@pytest.fixture
def photometry():
    generator = torch.Generator().manual_seed(1)
    n, slots = 3, 12
    observed = torch.rand(n, slots, generator=generator) < 0.7
    return Photometry(
        torch.randn(n, slots, generator=generator) * observed,
        torch.randint(0, 6, (n, slots), generator=generator),
        torch.randn(n, slots, generator=generator) * observed,
        observed,
    )


@pytest.fixture
def spectrum():
    generator = torch.Generator().manual_seed(2)
    n, pixels = 3, 40
    observed = torch.rand(n, pixels, generator=generator) < 0.9
    return Spectrum(
        torch.randn(n, generator=generator),
        torch.linspace(-1.7, 1.7, pixels),
        torch.randn(n, pixels, generator=generator) * observed,
        observed,
    )


@pytest.fixture(params=["photometry", "spectrum"])
def expert_and_input(request, model):
    return getattr(model, request.param), request.getfixturevalue(request.param)


@pytest.fixture
def snlib(tmp_path, monkeypatch, capsys):
    """Run a command in an empty folder: its exit code, and what it says on stderr."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["snlib", *arguments])
        with pytest.raises(SystemExit) as stopped:
            main()
        return stopped.value.code, capsys.readouterr().err

    return run
