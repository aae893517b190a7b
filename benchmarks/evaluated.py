"""What a step of the evaluated model costs, whose wavelengths attend to each other, and what bfloat16 does.

python benchmarks/evaluated.py [--device cuda] [--steps 1000] [--wavelengths 982] [--json FILE]

Each precision trains the same model on the same draws (dropout too, as far as its kernels draw alike).
"""

import argparse
import time
from dataclasses import replace

import torch
from measure import free, machine, table
from synthetic import pairs

from snlib.files import write_json
from snlib.model.registry import new_model, recipe_for
from snlib.random_streams import torch_stream
from snlib.replication import evaluated  # noqa: F401 (its recipes)
from snlib.training.draws import draw_block
from snlib.training.steps import BLOCK, Steps, new_fabric, new_optimiser, use_one_core

WAYS = {"float32": "32-true", "bfloat16 in the attention": "32-true", "bfloat16": "bf16-mixed"}


def train(way, recipe, data, n_steps):
    """Losses of each step, and seconds of each block but the first."""
    device = data.flux.device
    recipe = replace(recipe, rounded=way == "bfloat16 in the attention")
    model = new_model("mmvae", recipe, 0).to(device)
    steps = Steps(new_fabric(device.type, WAYS[way]), model, new_optimiser(model), data)
    losses, seconds = [], []
    for first in range(0, n_steps, BLOCK):
        n = min(BLOCK, n_steps - first)
        draws = draw_block(model, data, first, first + n, 0)
        started = time.perf_counter()
        with torch_stream("dropout", 0, first, 0):
            steps.start(draws, [recipe.learning_rate] * n)
        losses.append(steps.losses(n))
        seconds.append((time.perf_counter() - started) / n)
    return torch.cat(losses), seconds[1:] or seconds


def main():
    """Measure all precisions, print a table and write it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--wavelengths", type=int, nargs="+", default=[982])
    parser.add_argument("--recipes", nargs="+", default=["evaluated"])
    parser.add_argument("--json")
    given = parser.parse_args()
    if given.device == "cpu":
        use_one_core()
    data, rows, reference = pairs(800, given.device), [], {}
    for name in given.recipes:
        for n_wavelengths in given.wavelengths:
            recipe = replace(recipe_for("mmvae", name), n_wavelengths=n_wavelengths)
            for way in WAYS:
                row, losses = measured(way, recipe, data, given.steps, reference.get((name, n_wavelengths)))
                reference.setdefault((name, n_wavelengths), losses)
                rows.append(row)
                print(table([row]), flush=True)
    if given.json:
        card = torch.cuda.get_device_name() if given.device == "cuda" else None
        write_json(given.json, {"machine": machine() | {"card": card}, "steps": rows})


def measured(way, recipe, data, n_steps, reference):
    """A row of the table, and the losses."""
    free(data.flux.device.type)
    losses, seconds = train(way, recipe, data, n_steps)
    reference = losses if reference is None else reference
    tenth = max(1, n_steps // 10)
    row = {
        "recipe": recipe.name,
        "wavelengths": recipe.n_wavelengths,
        "precision": way,
        "steps": n_steps,
        "ms": 1e3 * min(seconds),
        "first_loss_differs": ((losses[0] - reference[0]).abs() / reference[0].abs()).item(),
        "loss_of_last_tenth": losses[-tenth:].mean().item(),
        "in_float32": reference[-tenth:].mean().item(),
        "scatter_of_steps": reference[-tenth:].std().item() if tenth > 1 else 0.0,
    }
    if data.flux.device.type == "cuda":
        row["GB"] = torch.cuda.max_memory_allocated() / 1e9
    return row, losses


if __name__ == "__main__":
    main()
