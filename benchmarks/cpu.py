"""What the models cost on one core of a CPU, and what bounds it, against targets.

python benchmarks/cpu.py [--json FILE] [--compile]
"""

import argparse
import time
from unittest.mock import patch

import numpy as np
import torch
from cpu_parts import by_kind, by_part
from cpu_tried import batch_sizes, tried
from embedding import measure as embedding
from measure import ceilings, counted, in_fresh_process, in_turn, machine, resident_mb, summary, table
from synthetic import N_PHASES, N_PIXELS, SCALING, Case, light_curves, pairs

from snlib.files import write_json
from snlib.inference import posteriors
from snlib.training.steps import use_one_core

LENGTHS = (245, 491, 982, 1964, 3928)
BATCH, SUBSET, OTHER_SUBSETS = 16, 128, (32, 64, 256)
N_SAMPLES, CHUNKS = 100, (1, 2, 5, 10, 20, 100)


def step_rows():
    """Time and memory of steps that decode all wavelengths, and of those that decode a subset."""
    cases = [(n, n) for n in LENGTHS] + [(n, SUBSET) for n in LENGTHS]
    cases += [(N_PIXELS, n) for n in OTHER_SUBSETS]
    times = in_turn({case: step(*case) for case in cases}, 7)
    return [
        {"wavelengths": n, "decoded": m, **summary(times[n, m]), **in_fresh_process(memory_of, step, n, m)}
        for n, m in cases
    ]


def step(n_pixels, n_decoded):
    """The work of a step."""
    return Case(pairs(50, "cpu", n_pixels), BATCH, n_decoded).run


def memory_of(new_work, *arguments):
    """Most memory over some runs of some work; for a process of its own."""
    work = new_work(*arguments)
    before, _ = resident_mb()
    for _ in range(3):
        work()
    _, peak = resident_mb()
    return {"MB": peak, "MB above start": peak - before}


def growth(rows):
    """Exponent of the time of a full step as a power of the number of wavelengths."""
    full = [row for row in rows if row["decoded"] == row["wavelengths"]]
    length, best = (np.log([row[name] for row in full]) for name in ("wavelengths", "best ms"))
    return float(np.polyfit(length, best, 1)[0])


def posterior(chunk=posteriors._SAMPLE_CHUNK):
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
    times = in_turn({chunk: posterior(chunk) for chunk in CHUNKS}, 5)
    memory = {chunk: in_fresh_process(memory_of, posterior, chunk) for chunk in (CHUNKS[0], CHUNKS[-1])}
    nothing = {"MB": None, "MB above start": None}
    return [
        {"samples at a time": chunk, **summary(column), **memory.get(chunk, nothing)}
        for chunk, column in times.items()
    ]


def embedding_rows():
    model = Case(pairs(1, "cpu"), 1, N_PIXELS).model
    rows = [embedding(model, light_curves(1024), batch, "fp32", "cpu") for batch in (16, 64, 256, 1024)]
    return [{name: row[name] for name in ("batch", "light curves/s")} for row in rows]


def floor(rate):
    """Time of the counted matrix products at the rate of a large one, and what the work takes."""
    rows = []
    works = {
        f"step, {SUBSET} wavelengths": step(N_PIXELS, SUBSET),
        f"step, {N_PIXELS} wavelengths": step(N_PIXELS, N_PIXELS),
        "posterior": posterior(),
    }
    for name, times in in_turn(works, 5).items():
        flops, moved = counted(works[name])
        least = flops / rate
        rows.append(
            {
                "work": name,
                "GFLOP": flops / 1e9,
                "GB moved": moved / 1e9,
                "floor ms": 1e3 * least,
                **summary(times),
                "best / floor": min(times) / least,
            }
        )
    return rows


def targets(report):
    """What was wanted, and whether the medians meet it."""
    steps = {(row["wavelengths"], row["decoded"]): row for row in report["steps"]}
    full, subset = steps[N_PIXELS, N_PIXELS], steps[N_PIXELS, SUBSET]
    work = next(row for row in report["floor"] if row["work"] == "posterior")
    memory = max(full["MB"], *(row["MB"] for row in report["posterior"] if row["MB"]))
    wanted = [
        ("full step, s", 0.7, full["ms"] / 1e3, full["best ms"] / 1e3),
        (f"step of {SUBSET} wavelengths, s", 0.12, subset["ms"] / 1e3, subset["best ms"] / 1e3),
        ("posterior of an event, s", 1.0, work["ms"] / 1e3, work["best ms"] / 1e3),
        ("exponent of growth", 1.0, report["exponent"], None),
        ("memory, GB", 1.2, memory / 1e3, None),
    ]
    return [
        {"target": name, "at most": most, "measured": value, "best": best, "met": value <= most}
        for name, most, value, best in wanted
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
    show("floor", floor(report["ceilings"]["fp32"]))
    data = pairs(100, "cpu")
    show("parts", by_part(data, BATCH, (SUBSET, N_PIXELS)), "forward and backward, each by itself")
    show("kinds", by_kind(data, BATCH, (SUBSET, N_PIXELS)), "share of the time of a step")
    show("batches", batch_sizes(data, SUBSET))
    show("tried", tried(data, BATCH, (SUBSET, N_PIXELS), options.compile), "in turn with the step as it is")
    show("targets", targets(report))
    print(f"\n{time.perf_counter() - started:.0f} s in all")
    if options.json:
        write_json(options.json, report)


if __name__ == "__main__":
    main()
