"""How many steps of models a second seeds take that train as a stack, by model and number of seeds.

python benchmarks/stack.py [--device cuda] [--models mmvae ...] [--seeds 1 4 8 ...] [--workers 12] [--json F]

On CUDA the models of a stack are together, on the CPU both ways are timed; one seed is trained as ever.
"""

import argparse
import math
import time
from dataclasses import replace
from itertools import product, zip_longest
from multiprocessing import get_context

import torch
from measure import free, machine, seconds, table
from synthetic import pairs
from training import Rounds

from snlib.data.batches import on
from snlib.files import write_json
from snlib.model.registry import MODELS, new_model, recipe_for
from snlib.training.draws import draw_block
from snlib.training.stack import InTurn, Together
from snlib.training.steps import BLOCK, Steps, new_fabric, new_optimiser, use_one_core
from snlib.workers import one_thread_each

SLOW = 1e-5  # at this learning rate roundings do not grow
N_COMPARED = 20


def new_models(name, recipe, n_seeds, device):
    return [new_model(name, recipe_for(name, recipe), seed).to(device) for seed in range(n_seeds)]


class Case:
    """Steps of a stack, with the draws of a block."""

    def __init__(self, data, name, recipe, n_seeds, way, n_steps):
        device, started = data.flux.device.type, time.perf_counter()
        self.data, self.n_steps, self.n_seeds = data, n_steps, n_seeds
        self.to_draw_from = replace(data, photometry=on(data.photometry, "cpu"))
        self.stack = (InTurn if way == "in turn" else Together)(new_models(name, recipe, n_seeds, device))
        self.steps = self.stack.steps(new_fabric(device), [data] * n_seeds, range(n_seeds))
        self.draws = self.drawn(0)
        self.first = self.run(N_COMPARED)  # compiles and records
        self.set_up = time.perf_counter() - started
        for step, seed in (~self.first.isfinite()).nonzero().tolist():
            raise FloatingPointError(f"seed {seed}, step {step}: the loss is {self.first[step, seed]}")

    def drawn(self, first):
        model, stop = self.stack.models[0], first + self.n_steps
        return [draw_block(model, self.to_draw_from, first, stop, seed) for seed in range(self.n_seeds)]

    def run(self, n=None):
        """Steps with draws that are there."""
        n = n or self.n_steps
        some = [type(one)(*(x[:n] for x in vars(one).values())) for one in self.draws]
        self.steps.start(some, [SLOW] * n, 0)
        return self.steps.losses(n)

    def train(self):
        """Steps while those of the next block are drawn, as a training does."""
        self.steps.start(self.draws, [SLOW] * self.n_steps, 0)
        self.draws = self.drawn(self.n_steps)
        return self.steps.losses(self.n_steps)


def difference(case, name, recipe, precision="32-true"):
    """Largest relative difference of the last seed's first losses from those of that seed alone."""
    model = new_models(name, recipe, case.n_seeds, case.data.flux.device)[-1]
    alone = Steps(
        new_fabric(case.data.flux.device.type, precision),
        model,
        new_optimiser(model),
        case.data,
        False,
        False,
    )
    alone.start(draw_block(model, case.data, 0, N_COMPARED, case.n_seeds - 1), [SLOW] * N_COMPARED)
    expected = alone.losses(N_COMPARED)
    return ((case.first[:, -1] - expected).abs() / expected.abs()).max().item()


def measured(case, name, recipe, n_seeds, way):
    device = case.data.flux.device
    rates = [n_seeds * case.n_steps / seconds(work, device, 2) for work in (case.run, case.train)]
    started = time.perf_counter()
    case.drawn(0)
    drawing = time.perf_counter() - started
    return {
        "model": name,
        "recipe": recipe,
        "seeds": n_seeds,
        "way": way,
        "model steps/s": rates[0],
        "with draws": rates[1],
        "draws/s": n_seeds * case.n_steps / drawing,
        "ms a step": 1e3 * n_seeds / rates[0],
        "memory GB": torch.cuda.max_memory_allocated(device) / 1e9 if device.type == "cuda" else None,
        "set-up s": case.set_up,
        "differs by": difference(case, name, recipe),
    }


def work(rows, rounds, device, n_steps):
    """Measure rows, one a round, as `training.work`; None takes part in a round without doing anything."""
    if device == "cpu":
        use_one_core()
    data = pairs(1000 if device == "cuda" else 100, device)
    for row in rows:
        try:
            late = time.monotonic() > rounds.deadline
            case, result = (
                (None, "no time left") if late or row is None else (Case(data, *row, n_steps), None)
            )
        except Exception as error:  # it must not cost the others
            case, result = None, f"{type(error).__name__}: {next(iter(str(error).splitlines()), '')}"
        rounds.barrier.wait()
        with rounds.lock:  # alone on the device
            if case is not None:
                result = measured(case, *row)
        rounds.barrier.wait()
        if row is not None:
            rounds.results.put((row, result))
        del case
        free(device)


def grid(device, models, recipe, seeds):
    """(model, recipe, number of seeds, way), the most wanted first."""
    ways = ("together",) if device == "cuda" else ("in turn", "together")
    rows = [(name, recipe, n, way) for name, n, way in product(models, seeds, ways) if n > 1]
    return [(name, recipe, 1, "in turn") for name in models if 1 in seeds] + rows


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--models", nargs="+", choices=MODELS, default=MODELS)
    parser.add_argument("--recipe", default="improved")
    parser.add_argument("--seeds", nargs="+", type=int, default=[1, 4, 8, 16, 32])
    parser.add_argument("--steps", type=int, help="of a block; 100 on cuda, 20 on the cpu by default")
    parser.add_argument("--workers", type=int, default=1, help="processes that compile at the same time")
    parser.add_argument("--minutes", type=float, default=60.0, help="start no further round after so long")
    parser.add_argument("--json")
    options = parser.parse_args()
    device, n = options.device, options.workers
    report = {"device": torch.cuda.get_device_name() if device == "cuda" else "cpu", **machine()}
    report |= {"cuda": torch.version.cuda, "rows": [], "failed": []}
    n_steps = max(N_COMPARED, min(BLOCK, options.steps or (BLOCK if device == "cuda" else N_COMPARED)))
    rows, context = grid(device, options.models, options.recipe, options.seeds), get_context("spawn")
    rounds = Rounds(context, n, options.minutes)
    with one_thread_each():
        for share in zip_longest(*zip_longest(*[iter(rows)] * n)):
            context.Process(target=work, args=(share, rounds, device, n_steps), daemon=True).start()
    for _ in rows:
        row, result = rounds.results.get()
        if isinstance(result, dict) and not math.isfinite(result["differs by"]):
            result = f"a loss of the last seed alone is not finite: {result}"
        if isinstance(result, dict):
            report["rows"].append(result)
            print(table([result]), flush=True)
        else:
            report["failed"].append([*row, result])
            print("failed:", *report["failed"][-1], flush=True)
        if options.json:
            write_json(options.json, report)
    if report["rows"]:
        print(f"\n{report['device']}, torch {report['torch']}\n{table(report['rows'])}")


if __name__ == "__main__":
    main()
