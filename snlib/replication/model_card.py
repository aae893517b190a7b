"""The model card of a shipped set of weights."""

from snlib.data.dataset import split_events
from snlib.data.quantities import SPECTRUM_PHASES_DAYS, WAVELENGTH_AA
from snlib.files.json_files import read_json
from snlib.model.mmvae import MMVAE
from snlib.model.weights import load_model
from snlib.replication.cache import file_digest
from snlib.replication.card import LICENCE, Card, bibtex, days, markdown_table
from snlib.replication.card_limitations import limitations
from snlib.replication.card_metrics import METRICS, card_metrics, rmse
from snlib.replication.card_use import how_to_use
from snlib.replication.profiles import PROFILES
from snlib.replication.recorded_scores import N_RECORDED

__all__ = ["MODEL_WORDS", "model_card"]

# What is to be said of models.
MODEL_WORDS = {
    "mmvae": "MMVAE: a VAE of light curves and one of spectra with a common latent space",
    "predictive-mmvae": "MMVAE with a second decoder, of the errors of its spectra",
    "photometry-vae": "VAE of light curves",
    "spectrum-vae": "VAE of spectra",
    "contrastive": "two encoders, trained to embed a light curve and a spectrum of one supernova alike",
    "photometry-regressor": "parameters of the explosion from a light curve",
    "spectrum-regressor": "parameters of the explosion from a spectrum",
    "joint-regressor": "parameters of the explosion from both",
}
# What is to be said of recipes; a variant ("evaluated-may") is of the recipe before the hyphen.
_RECIPES = {
    "text": "the model as the paper's text describes it; where the text is silent, as in the authors' code",
    "evaluated": "the model whose checkpoint the authors evaluated, rebuilt from their program",
    "improved": "the paper's model with our changes to its frequencies, likelihood, bound and training",
    "large": "a larger model of ours, trained on more events",
}


def model_card(folder):
    """The card of a set of weights, from the committed files only.

    Parameters
    ----------
    folder : pathlib.Path
        ``weights/<set>`` in a data folder, with ``scores.csv`` and weights of one seed, an MMVAE among them.
        The set's results are looked for in the same data folder; see
        `snlib.replication.card_metrics.card_metrics`.

    Returns
    -------
    Card
    """
    data, name = folder.parents[1], folder.name
    saved = {path.stem: load_model(path) for path in sorted(folder.glob("*.safetensors"))}
    metrics = card_metrics(data, name, saved)
    events = _events(name, saved)
    sections = {
        "Model details": _details(folder, saved),
        "Intended use": _INTENDED,
        "Out-of-scope use": _OUT_OF_SCOPE,
        "Training data": _training_data(data, events),
        "Training procedure": _procedure(data, name, saved),
        "Evaluation": _evaluation(saved, metrics),
        "Limitations": limitations(folder, saved, metrics),
        "How to use": how_to_use(_example(saved, metrics)),
        "Citation": bibtex(),
    }
    return Card(_metadata(saved, metrics, events), f"Model card: weights “{name}”", sections)


def _events(name, saved):
    """Profile, seed, and how many events each part has."""
    (seed,) = {one.provenance["made_from"]["seed"] for one in saved.values()}
    profile = PROFILES[name.partition("_")[0]]  # "full_length" is of "full"
    parts = {part: len(index) for part, index in split_events(profile.n_events, seed).items()}
    return {"profile": profile.name, "n_events": profile.n_events, "seed": seed, **parts}


def _metadata(saved, metrics, events):
    """The YAML: fields of Hugging Face, and an entry of the model index for each file."""
    index = []
    for stem in saved:
        of_file = metrics[metrics["weights"] == stem]
        results = [
            _result(method, n_events, rows, events)
            for (method, n_events), rows in of_file.groupby(["method", "n_events"], sort=False)
        ]
        index.append({"name": stem, "results": results})
    return {
        "license": LICENCE,
        "library_name": "snlib",
        "tags": [
            *("astronomy", "supernovae", "light-curves", "spectra", "multimodal"),
            *("variational-autoencoder", "pytorch", "safetensors"),
        ],
        "metrics": list(dict.fromkeys(metrics["metric"])),
        "model-index": index,
    }


def _result(method, n_events, rows, events):
    """A result of the model index: one method, judged by one set of events."""
    return {
        "task": {"type": "other", "name": method},
        "dataset": {
            "type": "snlib-simulated-events",
            "name": f"Simulated Type Ia supernovae (profile {events['profile']}, seed {events['seed']})",
            "split": "test",
            "args": {"events": int(n_events)},
        },
        "metrics": [
            {
                "type": row.metric,
                "value": row.value,
                "name": f"{METRICS[row.metric]} at {days(row.phase_days)}",
                "args": {"phase_days": float(row.phase_days), "source": row.source},
            }
            for row in rows.itertuples()
        ],
    }


def _details(folder, saved):
    rows, recipes = [], {}
    for stem, one in saved.items():
        path, recipe = folder / f"{stem}.safetensors", one.model.recipe
        n_parameters = sum(parameter.numel() for parameter in one.model.parameters())
        digest = f"`{file_digest(path)[:16]}…`"
        rows.append(
            [
                f"`{stem}`",
                MODEL_WORDS[one.name],
                f"{n_parameters:,}",
                f"{path.stat().st_size / 1e6:.1f}",
                digest,
            ]
        )
        recipes[recipe.name] = _RECIPES[recipe.name.partition("-")[0]]
    table = markdown_table(["File", "Model", "Parameters", "MB", "SHA-256"], rows)
    words = "\n".join(f"- Recipe `{name}`: {text}." for name, text in recipes.items())
    return (
        "PyTorch models of the package `snlib`, which replicates Shen & Gagliano (2025), *Mixture-of-Expert "
        "Variational Autoencoders for Cross-Modality Embedding of Type Ia Supernova Data*. An MMVAE embeds "
        "light curves and spectra of a supernova in one latent space, and decodes either from it.\n\n"
        f"{table}\n\n{words}\n\nEach safetensors file holds the weights and, in its metadata, everything "
        "needed to use them. The JSON and CSV files beside it are copies of these metadata for people to "
        "read. Developed by the snlib authors; licence: MIT."
    )


_PHASES = f"{days(SPECTRUM_PHASES_DAYS[0])} to {days(SPECTRUM_PHASES_DAYS[-1])}"
_INTENDED = (
    "Research on cross-modal models of supernovae: checking the claims of the paper, comparing other models "
    "with these, and predicting rest-frame spectra of normal Type Ia supernovae from light curves, each "
    "with its uncertainty. Input: rest-frame absolute AB magnitudes in the six LSST filters against days "
    f"from peak. Output: log10 of the flux density at 10 pc at phases of {_PHASES}, from "
    f"{WAVELENGTH_AA[0]:.0f} to {WAVELENGTH_AA[-1]:.0f} Å."
)
_OUT_OF_SCOPE = (
    "- Classification: every light curve is treated as that of a Type Ia supernova.\n"
    "- Observed magnitudes that have not been corrected for distance, redshift and dust.\n"
    f"- Spectra at other phases than {_PHASES}, or at other wavelengths.\n"
    "- Distances or cosmology: no systematic error of the simulations is part of the uncertainties."
)


def _training_data(data, events):
    accuracy = read_json(data / "results" / "surrogate" / "accuracy.json")
    return (
        f"{events['n_events']:,} simulated supernovae (profile `{events['profile']}`, seed "
        f"{events['seed']}): {events['train']:,} for training, {events['validation']:,} for validation and "
        f"{events['test']:,} for testing. Light curves have the times and bands of Rubin's simulated survey "
        "`baseline_v3.0_10yrs`. The flux is that of an embedded surrogate of radiative-transfer "
        f"simulations, which was fitted to {accuracy['n_models']} published models and has a data card of "
        "its own (`data/surrogate.README.md`). No observed supernova was used."
    )


def _stages(saved):
    """From what a model was made, its first training first."""
    made_from = saved.provenance["made_from"]
    stages = [made_from]
    while "start" in stages[0]:
        stages.insert(0, stages[0]["start"])
    return stages


def _procedure(data, name, saved):
    """A row for each training, with the settings in which recipes differ."""
    rows = []
    for stem, one in saved.items():
        for stage in _stages(one):
            recipe = stage["recipe"]
            settings = [recipe[key] for key in ("batch_size", "learning_rate", "schedule", "hidden_points")]
            head = [f"`{stem}`", f"`{stage['model']}`", f"{stage['n_steps']:,}", *settings]
            rows.append([*head, stage["precision"], _seconds(data, name, one, stage)])
    head = ["File", "Trained model", "Steps", "Batch", "Learning rate", "Schedule", "Hidden points"]
    table = markdown_table([*head, "Precision", "Time [s]"], rows)
    versions = sorted(
        {f"PyTorch {one.provenance['torch']}, `{one.provenance['device']}`" for one in saved.values()}
    )
    started = "Where a file has two rows, the second training started from the weights of the first. "
    return (
        f"{table}\n\nA batch is of pairs of a light curve and a spectrum; “hidden points” is the largest "
        "share of a light curve's points that is hidden at a step. "
        f"{started if len(rows) > len(saved) else ''}Last training: {'; '.join(versions)}. All other "
        "settings are in `recipe`, and a digest of the code and of the events in `provenance`, in the JSON "
        "file beside the weights."
    )


def _seconds(data, name, saved, stage):
    """How long a training took, as recorded with the weights or their results."""
    if stage is saved.provenance["made_from"] and not saved.history.empty:
        return f"{saved.history['seconds'].iloc[-1]:,.0f}"
    path = data / "results" / name / "provenance.json"
    recorded = read_json(path)["training_s"] if path.is_file() else {}
    return f"{recorded[stage['model']]:,.0f}" if stage["model"] in recorded else "not recorded"


def _evaluation(saved, metrics):
    """A row for each method and metric, a column for each phase."""
    shown = metrics.assign(metric=metrics["metric"].map(METRICS))
    table = shown.pivot_table("value", ["method", "metric"], "phase_days", sort=False)
    rows = [
        [*key, *(f"{value:.4g}" for value in row)]
        for key, row in zip(table.index, table.to_numpy(), strict=True)
    ]
    head = ["Method", "Metric", *map(days, table.columns)]
    counts = metrics.groupby("source", sort=False)["n_events"].max()
    of_spectra = any(one.name == "spectrum-vae" for one in saved.values())
    given = " The VAE of spectra is given the spectra themselves." if of_spectra else ""
    sources = "; ".join(f"`{source}` ({n:,} test events)" for source, n in counts.items())
    return (
        f"Computed from {sources}, on which no model was trained; phases are in days from peak.{given}\n\n"
        f"{markdown_table(head, rows)}\n\n"
        "RMSE, CRPS and widths are of log10 of the flux density, over all pixels of a phase; a coverage is "
        "the share of pixels in the central 90 % credible interval. The metadata of this card hold the same "
        "numbers. `scores.csv` beside the weights records what they give, without random numbers, on the "
        f"first {N_RECORDED} test events, and a test of the repository checks that today's code still gets "
        "it."
    )


def _example(saved, metrics):
    """The MMVAE of the set with the smallest error."""
    mmvaes = [stem for stem, one in saved.items() if isinstance(one.model, MMVAE)]
    return min(mmvaes, key=lambda stem: rmse(metrics, "weights", stem).mean())
