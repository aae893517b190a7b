"""A run: one profile, seed and source of data, and the folder that keeps what it makes.

Every notebook opens a run and asks it for what it needs; what is there and up to date is loaded,
the rest is made.
"""

import hashlib
import os
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from importlib.metadata import version
from pathlib import Path

import pandas as pd
import torch

from snlib import evaluation
from snlib.dataset import SPLIT_FRACTIONS, make_dataset
from snlib.events import Events
from snlib.files import DATA, replacing, write_json
from snlib.mmvae import MMVAE
from snlib.published import read_published_sample
from snlib.recipes import PROFILES, RECIPES, Profile
from snlib.simulate import simulate
from snlib.training import train
from snlib.weights import load_mmvae, save_mmvae

__all__ = ["STAGES", "Run", "Trained", "open_run"]

# With 60 models at hand, one in five is held out.
_PUBLISHED_FRACTIONS = {"train": 0.7, "validation": 0.1, "test": 0.2}

_MODULES = {
    "events": "files grid surfaces surrogate packets surrogate_grid visits photometry survey spectra events "
    "simulate published",
    "training": "recipes dataset transceiver mmvae objectives draws steps training weights",
    "evaluation": "evaluation runs plotting",
}
# The files that decide the results of a stage, given those of the one before: the pipeline and
# the caches go by them.
STAGES = {stage: [f"snlib/{name}.py" for name in names.split()] for stage, names in _MODULES.items()}
STAGES["events"] += ["data/surrogate.npz", "data/rubin_visits.npz"]


@dataclass(frozen=True)
class Trained:
    """A trained model, its history and how it was made."""

    model: MMVAE
    history: pd.DataFrame
    provenance: dict


@dataclass(frozen=True)
class Run:
    """What a notebook works on; see `open_run`."""

    profile: Profile
    device: str
    seed: int
    published_sample: Path | None
    folder: Path

    def source(self):
        """Words for the page: where the supernovae come from."""
        if self.published_sample:
            return "real Sedona models (the published sample)"
        return "simulated events (the embedded surrogate, seen by Rubin)"

    def events(self):
        """The events of the run: the published sample, or surrogate events.

        Returns
        -------
        Events
        """
        path = self.folder / "events.npz"
        made_from = {"source": "surrogate", "n_events": self.profile.n_events, "seed": self.seed}
        made_from["code"] = _digest("events")
        if self.published_sample:
            events = read_published_sample(self.published_sample).events
        elif path.is_file() and (events := Events.load(path)).provenance == made_from:
            return events
        else:
            events = replace(simulate(self.profile.n_events, self.seed), provenance=made_from)
        events.save(path)
        return events

    def dataset(self):
        """The events, cut at +60 d, split and scaled.

        Returns
        -------
        snlib.dataset.Dataset
        """
        return self._dataset

    @cached_property
    def _dataset(self):
        return make_dataset(self.events(), self.seed, self._fractions())

    def _fractions(self):
        return _PUBLISHED_FRACTIONS if self.published_sample else SPLIT_FRACTIONS

    def mmvae(self, recipe):
        """The MMVAE of a recipe, trained on this run's training events.

        Parameters
        ----------
        recipe : str
            A name in `snlib.recipes.RECIPES`.

        Returns
        -------
        Trained
        """
        path = self.folder / f"mmvae-{recipe}.safetensors"
        dataset = self.dataset()
        made_from = {
            "recipe": RECIPES[recipe].to_dict(),
            "profile": asdict(self.profile),
            "seed": self.seed,
            "fractions": self._fractions(),
            "events": dataset.events.digest(),
            "code": _digest("training"),
        }
        if path.is_file() and path.with_suffix(".json").is_file():
            model, _, provenance = load_mmvae(path, self.device)
            if provenance["made_from"] == made_from:
                return Trained(model, pd.read_csv(path.with_suffix(".csv")), provenance)
        with torch.random.fork_rng():
            torch.manual_seed(self.seed)
            model = MMVAE(RECIPES[recipe]).to(self.device)
        history = train(
            model,
            dataset.pairs("train", self.device),
            dataset.pairs("validation", self.device),
            self.profile.n_steps,
            self.seed,
            self.folder / "checkpoints" / path.name,
            made_from,
        )
        provenance = {
            "made_from": made_from,
            "device": self.device,
            "torch": torch.__version__,
            "seconds": float(history["seconds"].iloc[-1]),
        }
        with replacing(path.with_suffix(".csv")) as temporary:
            history.to_csv(temporary, index=False)
        save_mmvae(path, model, dataset.scaling, provenance)
        return Trained(model, history, provenance)

    def posteriors(self):
        """LC -> spectrum posteriors of the test events, by method.

        Returns
        -------
        dict of (str, str) to snlib.evaluation.SpectrumPosterior
            By model ("mean spectrum", "MMVAE (recipe)" and, for the published sample, the authors'
            "diffusion") and kind of interval ("latent" or "predictive").
        """
        dataset = self.dataset()
        test = dataset.part("test")
        result = {("mean spectrum", "predictive"): evaluation.mean_spectrum(dataset.part("train"), len(test))}
        for recipe in RECIPES:
            model = self.mmvae(recipe).model
            parts = evaluation.spectrum_posteriors(
                model, dataset.scaling, test, self.profile.n_posterior_samples, self.seed, self.device
            )
            result |= {(f"MMVAE ({recipe})", kind): posterior for kind, posterior in parts.items()}
        if self.published_sample:
            samples = read_published_sample(self.published_sample).diffusion_log10_fnu
            result["diffusion", "predictive"] = evaluation.summarise_samples(
                samples[dataset.split["test"]], axis=1
            )
        return result

    def write_results(self, metrics):
        """Write ``metrics.json`` and ``provenance.json`` to the run's folder.

        Parameters
        ----------
        metrics : pandas.DataFrame
            See `snlib.evaluation.compare_metrics`.
        """
        dataset = self.dataset()
        parts = {name: len(index) for name, index in dataset.split.items()}
        provenance = {
            "profile": asdict(self.profile),
            "source": dataset.events.provenance["source"],
            "events": {"total": len(dataset.events), **parts},
            "recipes": {name: recipe.to_dict() for name, recipe in RECIPES.items()},
            "device": self.device,
            "seed": self.seed,
            "versions": {name: version(name) for name in ("snlib", "numpy", "scipy", "torch")},
            "training_s": {name: round(self.mmvae(name).provenance["seconds"], 1) for name in RECIPES},
        }
        write_json(self.folder / "metrics.json", metrics.to_dict("records"))
        write_json(self.folder / "provenance.json", provenance)


def _digest(stage):
    """SHA-256 of the files that decide a stage's results."""
    sha = hashlib.sha256()
    for name in STAGES[stage]:
        sha.update((DATA.parent / name).read_bytes())
    return sha.hexdigest()


def open_run(profile="smoke", device="cpu", seed=0, published_sample=""):
    """Open a run from the parameters of a notebook.

    Parameters
    ----------
    profile : str
        A name in `snlib.recipes.PROFILES`.
    device : {"auto", "cpu", "cuda"}
    seed : int
    published_sample : str
        Folder of the published sample; empty to work on surrogate events.

    Returns
    -------
    Run
        Keeps its files in ``data/generated/<profile>-seed<seed>[-published]`` (``SNLIB_GENERATED``
        moves ``data/generated``).  On the CPU the process works with one thread from now on.

    Raises
    ------
    ValueError
        If a parameter has no such value.
    """
    if profile not in PROFILES:
        raise ValueError(f"profile is {profile!r}, expected one of {list(PROFILES)}")
    if device not in ("auto", "cpu", "cuda"):
        raise ValueError(f"device is {device!r}, expected 'auto', 'cpu' or 'cuda'")
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    elif device == "cuda" and not torch.cuda.is_available():
        raise ValueError("device is 'cuda', but there is no CUDA device here")
    if device == "cpu":
        # The tensors are small: a second thread saves a quarter, but if anything else runs on its
        # core the two wait for each other at every operation and take many times as long.
        torch.set_num_threads(1)
    sample = Path(published_sample).resolve() if published_sample else None
    generated = Path(os.environ.get("SNLIB_GENERATED", DATA / "generated"))
    folder = generated / f"{profile}-seed{seed}{'-published' if sample else ''}"
    return Run(PROFILES[profile], device, seed, sample, folder)
