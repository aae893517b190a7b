"""What a training step costs with the ways of the published code, on one core of a CPU.

python benchmarks/ablations.py [--json FILE]
"""

import argparse
from dataclasses import replace

from measure import in_fresh_process, in_turn, machine, ratio, resident_mb, summary, table
from synthetic import N_PIXELS, pairs

from snlib.files import write_json
from snlib.model.registry import new_model
from snlib.replication.ablations import ABLATIONS
from snlib.training.draws import draw_block
from snlib.training.steps import Steps, new_fabric, new_optimiser, use_one_core

# Ablations, one of each architecture (what the others change makes no work), and how many steps are timed
# by the number of wavelengths decoded: few where all of them attend to each other, which takes 15 GB.
N_STEPS = {
    "itself": {128: 20, N_PIXELS: 12},
    "concatenated": {128: 20, N_PIXELS: 12},
    "swapped": {128: 20, N_PIXELS: 12},
    "self-attention": {128: 20, N_PIXELS: 2},
    "published": {128: 20, N_PIXELS: 2},
}


def step(name, n_wavelengths):
    """The work of a step of the MMVAE: forward, backward and AdamW."""
    recipe = replace(ABLATIONS[f"text-{name}"].recipe, n_wavelengths=n_wavelengths)
    model, data = new_model("mmvae", recipe, 0), pairs(50, "cpu")
    steps = Steps(new_fabric("cpu"), model, new_optimiser(model), data)
    draws = draw_block(model, data, 0, 1, 0)
    return lambda: steps.start(draws, [1e-5])


def row(name, n_wavelengths, n_steps):
    """Time of an architecture, in turn with the one as it is, and most memory; for a process of its own."""
    times = in_turn({name: step(name, n_wavelengths) for name in ("itself", name)}, n_steps)
    return {
        "ablation": name,
        "wavelengths": n_wavelengths,
        "steps": n_steps,
        **summary(times[name]),
        "ratio": ratio(times[name], times["itself"]),
        "MB": resident_mb()[1],
    }


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--json")
    options = parser.parse_args()
    use_one_core()
    report = machine()
    report["steps"] = [
        in_fresh_process(row, name, n_wavelengths, n_steps)
        for name, lengths in N_STEPS.items()
        for n_wavelengths, n_steps in lengths.items()
    ]
    print(report["processor"], report["torch"], table(report["steps"]), sep="\n")
    if options.json:
        write_json(options.json, report)


if __name__ == "__main__":
    main()
