"""One change at a time to the MMVAE: what each difference between paper, code and recipe is worth."""

from dataclasses import dataclass

import pandas as pd

from snlib.evaluation.score_table import score_events
from snlib.evaluation.scores import average_scores
from snlib.files.json_files import read_json, write_json
from snlib.inference.samplers import draw_events, light_curve_sampler
from snlib.model.recipes import RECIPES, Recipe
from snlib.replication.trained import train_or_load
from snlib.replication.variants import PublishedRecipe
from snlib.training.steps import new_fabric

__all__ = ["ABLATIONS", "Ablation", "ablate", "read_ablations"]


@dataclass(frozen=True)
class Ablation:
    """A recipe and one change to it.

    Attributes
    ----------
    name : str
        Short, for files; that of `recipe` too.
    base : str
        A name in `snlib.model.recipes.RECIPES`.
    change : str
        What is changed, in words.
    recipe : Recipe
    length : int
        Trained so many times as long as the profile says.
    """

    name: str
    base: str
    change: str
    recipe: Recipe
    length: int = 1


# Ways of the published code that neither recipe has (`snlib.replication.variants`).
_PUBLISHED = {
    "self-attention": ("queries attend to each other first", {"query_self_attention": True}),
    "concatenated": ("embeddings concatenated, then an MLP", {"concatenated": True}),
    "swapped": ("flux and wavelength swapped in the encoder", {"swapped": True}),
    "weighted": ("light curves weighted by 982/60", {"photometry_weight": 982 / 60}),
    "augmented": ("noise, time shifts and 5 % fewer points, drawn once", {"augmented": True}),
}
# Where the two recipes differ: each group of fields is taken from the other one.
_RECIPE = {
    "frequencies": ("time_max_frequency", "wavelength_max_frequency"),
    "bound": ("bound",),
    "scale": ("likelihood_scale",),
    "hidden": ("hidden_points",),
    "rate": ("learning_rate", "schedule", "clip_norm"),
}
_WORDS = {
    ("frequencies", "text"): "sinusoids up to 1 rad per z-unit",
    ("frequencies", "improved"): "sinusoids up to 8 (time) and 60 (wavelength) rad per z-unit",
    ("bound", "text"): "tight bound",
    ("bound", "improved"): "loose bound",
    ("scale", "text"): "likelihood scale fixed at 1 z-unit",
    ("scale", "improved"): "likelihood scale learned",
    ("hidden", "text"): "no points hidden in training",
    ("hidden", "improved"): "up to 90 % of the points hidden at each step",
    ("rate", "text"): "constant learning rate of 1e-3",
    ("rate", "improved"): "learning rate up to 3e-3 and back (OneCycle), clipped gradients",
}
_EVALUATED_RATE = 2.5e-4  # by its name, that of the checkpoint which the published code evaluates
_LONGER = 16


def _of(base):
    """All ablations of a recipe, the recipe itself first."""
    recipe, (other,) = RECIPES[base], [name for name in RECIPES if name != base]

    def ablation(name, change, length=1, **fields):
        name = f"{base}-{name}"
        kind = PublishedRecipe if set(fields) - set(vars(recipe)) else type(recipe)
        changed = kind(**vars(recipe) | fields | {"name": name})
        return Ablation(name, base, change, changed, length)

    yield ablation("itself", "as it is")
    for name, (change, fields) in _PUBLISHED.items():
        yield ablation(name, change, **fields)
    for name, fields in _RECIPE.items():
        values = {field: getattr(RECIPES[other], field) for field in fields}
        yield ablation(name, _WORDS[name, other], **values)
    yield ablation("longer", f"trained {_LONGER} times as long", length=_LONGER)
    if base == "text":
        rate = {"learning_rate": _EVALUATED_RATE}
        yield ablation("slower", "learning rate 2.5e-4, as the evaluated checkpoint's name says", **rate)
        published = {name: value for _, fields in _PUBLISHED.values() for name, value in fields.items()}
        yield ablation("published", "all ways of the published code at once", **published, **rate)


#: One change of a recipe at a time, by name.
ABLATIONS = {ablation.name: ablation for base in RECIPES for ablation in _of(base)}


def ablate(run, name):
    """Train and judge the MMVAE with one change, and write the result to the run's folder.

    Parameters
    ----------
    run : snlib.replication.run.Run
    name : str
        A name in `ABLATIONS`.

    Raises
    ------
    ValueError
        If there is no such ablation.
    """
    if name not in ABLATIONS:
        raise ValueError(f"ablation is {name!r}, expected one of {list(ABLATIONS)}")
    ablation, dataset, folder = ABLATIONS[name], run.dataset(), run.folder / "ablations"
    n_steps = ablation.length * run.profile.n_steps
    fabric = new_fabric(run.device)
    trained = train_or_load("mmvae", ablation.recipe, dataset, n_steps, run.seed, folder, fabric)
    test = dataset.part("test")
    sampler = light_curve_sampler(trained.model, dataset.scaling, run.device)
    drawn = draw_events(sampler, test, run.profile.n_posterior_samples, run.seed)
    metrics = average_scores(score_events(drawn, test), ["interval", "phase_days"]).set_index("interval")
    columns = ["phase_days", "rmse_dex", "coverage_90", "width_90_dex"]
    latent, predictive = (metrics.loc[kind, columns] for kind in ("latent", "predictive"))
    rows = predictive.merge(latent.drop(columns="rmse_dex"), on="phase_days", suffixes=("", "_latent"))
    result = {
        "name": name,
        "seed": run.seed,
        "n_steps": n_steps,
        "device": trained.provenance["device"],
        "seconds": trained.seconds(),
        "metrics": rows.to_dict("records"),
    }
    write_json(folder / f"{name}-result.json", result)


def read_ablations(paths):
    """Results that `ablate` wrote, a row an ablation, seed and phase.

    Parameters
    ----------
    paths : sequence of path

    Returns
    -------
    pandas.DataFrame
        Columns ``name, seed, n_steps, device, seconds`` and those of the metrics: latent-only
        coverage and width have the suffix ``_latent``, the predictive ones none.
    """
    results = (read_json(path) for path in paths)
    rows = [
        {name: value for name, value in result.items() if name != "metrics"} | row
        for result in results
        for row in result["metrics"]
    ]
    return pd.DataFrame(rows)
