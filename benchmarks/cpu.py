"""What the models cost on one core of a CPU, and what bounds it, against targets.

python benchmarks/cpu.py [--json FILE] [--compile]

Every quantity is measured once, so that no two pages of the book can name different costs of the same thing.
"""

import argparse
import time
from unittest.mock import patch

import numpy as np
import torch
from cpu_parts import by_kind, by_part
from cpu_steps import SUBSET, memory_of, step, step_rows
from cpu_tried import batch_sizes, tried
from embedding import measure as embedding
from measure import ceilings, counted, in_fresh_process, in_turn, machine, median_ms, table
from synthetic import N_PHASES, N_PIXELS, SCALING, Case, light_curves, pairs

from snlib.files import write_json
from snlib.inference import posteriors
from snlib.training.steps import use_one_core

BATCH = 16
N_SAMPLES, CHUNKS = 100, (1, 2, 5, 10, 20, 100)
CHUNK = posteriors._SAMPLE_CHUNK


def growth(rows):
    """Exponent of the time of a full step as a power of the number of wavelengths."""
    full = [row for row in rows if row["decoded"] == row["wavelengths"] and row["model"] == "improved"]
    length, time_ms = (np.log([row[name] for row in full]) for name in ("wavelengths", "ms"))
    return float(np.polyfit(length, time_ms, 1)[0])


def posterior(chunk=CHUNK):
    """The work of one event's posterior, decoded so many samples at a time."""
    case, days = Case(pairs(1, "cpu"), 1, N_PIXELS), np.linspace(-10.0, 30.0, N_PHASES)
    wavelength, curve = np.linspace(3000.0, 8000.0, N_PIXELS), case.data.photometry
    case.model.requires_grad_(False)  # the counter of FLOPs asks for gradients of what has some

    def work():
        with torch.no_grad(), patch.object(posteriors, "_SAMPLE_CHUNK", chunk):
            seen = case.model.photometry.posterior(curve)
            return posteriors.posterior_samples(
                seen, case.model.spectrum, SCALING, days, wavelength, N_SAMPLES, np.random.default_rng(0)
            )

    return work


def posterior_rows():
    times = in_turn({chunk: posterior(chunk) for chunk in CHUNKS}, 7)
    memory = {chunk: in_fresh_process(memory_of, posterior, chunk) for chunk in (CHUNKS[0], CHUNKS[-1])}
    return [
        {"samples at a time": chunk, **median_ms(column), **memory.get(chunk, {"MB": None})}
        for chunk, column in times.items()
    ]


def embedding_rows():
    model = Case(pairs(1, "cpu"), 1, N_PIXELS).model
    rows = [embedding(model, light_curves(1024), batch, "fp32", "cpu") for batch in (16, 64, 256, 1024)]
    return [{name: row[name] for name in ("batch", "light curves/s")} for row in rows]


def by_model(report):
    """The rows of the steps, by model, wavelengths and how many are decoded."""
    return {(row["model"], row["wavelengths"], row["decoded"]): row for row in report["steps"]}


def of_posterior(report):
    """The row of the posterior as it is computed everywhere."""
    return next(row for row in report["posterior"] if row["samples at a time"] == CHUNK)


def floor(report):
    """Time of the counted matrix products at the rate of a large one, beside what the work takes."""
    steps = by_model(report)
    works = {
        f"step, {n} wavelengths": (step("improved", N_PIXELS, n), steps["improved", N_PIXELS, n]["ms"])
        for n in (SUBSET, N_PIXELS)
    }
    works["posterior"] = posterior(), of_posterior(report)["ms"]
    rows = []
    for name, (work, measured) in works.items():
        flops, moved = counted(work)
        least = 1e3 * flops / report["ceilings"]["fp32"]
        counts = {"GFLOP": flops / 1e9, "GB moved": moved / 1e9}
        rows.append({"work": name, **counts, "floor ms": least, "measured / floor": measured / least})
    return rows


def targets(report):
    """What was wanted, and whether the medians meet it."""
    steps = by_model(report)
    full, subset = (steps["improved", N_PIXELS, n] for n in (N_PIXELS, SUBSET))
    memory = max(full["MB"], *(row["MB"] for row in report["posterior"] if row["MB"]))
    wanted = [
        ("full step, s", 0.7, full["ms"] / 1e3),
        (f"step of {SUBSET} wavelengths, s", 0.12, subset["ms"] / 1e3),
        ("posterior of an event, s", 1.0, of_posterior(report)["ms"] / 1e3),
        ("exponent of growth", 1.0, report["exponent"]),
        ("memory, GB", 1.2, memory / 1e3),
    ]
    return [
        {"target": name, "at most": most, "measured": value, "met": value <= most}
        for name, most, value in wanted
    ]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--json")
    parser.add_argument("--compile", action="store_true", help="try torch.compile too: minutes more")
    options = parser.parse_args()
    use_one_core()
    started = time.perf_counter()
    report = machine()
    print(report, flush=True)

    def show(name, rows, note=""):
        report[name] = rows
        print(f"\n{name}{note and f' ({note})'}\n{table(rows)}", flush=True)

    show("steps", step_rows())
    report["exponent"] = growth(report["steps"])
    print(f"time of a full step grows as wavelengths ^ {report['exponent']:.2f}")
    show("posterior", posterior_rows(), f"{N_SAMPLES} samples, {N_PHASES} phases, {N_PIXELS} wavelengths")
    show("embedding", embedding_rows())
    report["ceilings"] = ceilings("cpu")
    show("floor", floor(report))
    data = pairs(100, "cpu")
    show("parts", by_part(data, BATCH, (SUBSET, N_PIXELS)), "forward and backward, each by itself")
    show("kinds", by_kind(data, BATCH, (SUBSET, N_PIXELS)), "share of the time of a step")
    show("batches", batch_sizes(data, SUBSET), "against batches of 16")
    show("tried", tried(data, BATCH, (SUBSET, N_PIXELS), options.compile), "in turn with the step as it is")
    show("targets", targets(report))
    print(f"\n{time.perf_counter() - started:.0f} s in all")
    if options.json:
        write_json(options.json, report)


if __name__ == "__main__":
    main()
