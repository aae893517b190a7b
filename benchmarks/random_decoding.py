"""What decoding a random subset of the wavelengths at each step costs in quality: nothing, or what?

python benchmarks/random_decoding.py [--device cuda] [--steps 4000] [--seeds 0 1 2] [--json FILE]

Trains the MMVAE (recipe "improved") on the events of a profile with so many wavelengths a step, and
judges each by the test events.  The seed changes weights and training; events and split stay.
"""

import argparse
from dataclasses import asdict, replace
from itertools import product

import torch
from measure import table

from snlib.evaluation.score_table import score_events
from snlib.evaluation.scores import average_scores
from snlib.files import write_json
from snlib.inference.samplers import draw_events, light_curve_sampler
from snlib.model.recipes import RECIPES
from snlib.model.registry import new_model
from snlib.replication.run import open_run
from snlib.training.loop import train

WAVELENGTHS = (32, 64, 128, 256, 982)
N_SAMPLES = 100


def measure(run, n_wavelengths, seed, n_steps):
    """One row: the bound and the quality that a training with so many wavelengths reaches."""
    dataset = run.dataset()
    recipe = replace(RECIPES["improved"], n_wavelengths=n_wavelengths)
    model = new_model("mmvae", recipe, seed).to(run.device)
    pairs = [dataset.pairs(part, run.device) for part in ("train", "validation")]
    history = train(model, *pairs, n_steps, seed)
    test, sampler = dataset.part("test"), light_curve_sampler(model, dataset.scaling, run.device)
    scores = score_events(draw_events(sampler, test, N_SAMPLES, seed), test)
    metrics = average_scores(scores[scores["interval"] == "predictive"], ["phase_days"])
    return {
        "wavelengths": n_wavelengths,
        "seed": seed,
        "validation_loss": float(history["validation_loss"].min()),
        **{f"rmse_dex {row.phase_days:+.0f} d": row.rmse_dex for row in metrics.itertuples()},
        "coverage_90": metrics["coverage_90"].mean(),
        "width_90_dex": metrics["width_90_dex"].mean(),
        "seconds": float(history["seconds"].iloc[-1]),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--profile", default="quick")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--steps", type=int, default=4000)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--json")
    options = parser.parse_args()
    run = open_run(options.profile, options.device)
    device = torch.cuda.get_device_name() if run.device == "cuda" else "cpu"
    report = {"device": device, "torch": torch.__version__, "profile": asdict(run.profile)}
    report |= {"n_steps": options.steps, "rows": []}
    for seed, n_wavelengths in product(options.seeds, WAVELENGTHS):
        report["rows"].append(measure(run, n_wavelengths, seed, options.steps))
        print(table(report["rows"][-1:]), flush=True)
        if options.json:
            write_json(options.json, report)


if __name__ == "__main__":
    main()
