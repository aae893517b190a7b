"""What a training step of the MMVAE costs on one core of a CPU: the reference of every page of the book."""

from dataclasses import replace

from measure import in_fresh_process, in_turn, median_ms, resident_mb
from synthetic import N_PIXELS, Case, pairs

from snlib.model.recipes import RECIPES
from snlib.replication.ablations import ABLATIONS
from snlib.replication.evaluated import EVALUATED

SUBSET, OTHER_SUBSETS = 128, (32, 64, 256)
LENGTHS = (245, 491, N_PIXELS, 1964, 3928)
# What is compared with `text`: the published ways, and the other recipes.  (Other ablations make no work.)
WAYS = {
    name: ABLATIONS[f"text-{name}"].recipe
    for name in ("concatenated", "swapped", "self-attention", "published")
}
MODELS = {"improved": RECIPES["improved"], "text": RECIPES["text"], "evaluated": EVALUATED} | WAYS
# Steps in which all wavelengths attend to each other take half a minute and 15 GB each: few are timed.
ATTENDING, N_OF_ATTENDING = ("self-attention", "published"), 3


def cases():
    """Model, wavelengths of the spectra, and how many are decoded: each kind of step timed in turn."""
    lengths = [("improved", n, m) for n in LENGTHS for m in (n, SUBSET)]
    subsets = [("improved", N_PIXELS, n) for n in OTHER_SUBSETS]
    others = [(name, N_PIXELS, SUBSET) for name in MODELS if name != "improved"]
    whole = [(name, N_PIXELS, N_PIXELS) for name in ("text", "concatenated", "swapped")]
    return lengths + subsets + others + whole


def step(name, n_pixels, n_decoded):
    """The work of a step: 16 pairs, forward, backward and AdamW."""
    recipe = replace(MODELS[name], n_wavelengths=n_decoded)
    return Case(pairs(50, "cpu", n_pixels), recipe.batch_size, n_decoded, recipe=recipe).run


def step_rows(repeats=15):
    """Time and memory of every kind of step, each timed once, in turn with all others."""
    times = in_turn({case: step(*case) for case in cases()}, repeats)
    few = [(name, N_PIXELS, N_PIXELS) for name in ATTENDING]
    rows = [_row(case, times[case], in_fresh_process(memory_of, step, *case)) for case in times]
    return rows + [_row(case, *in_fresh_process(_timed, case)) for case in few]


def _row(case, times, memory):
    name, wavelengths, decoded = case
    return {"model": name, "wavelengths": wavelengths, "decoded": decoded, **median_ms(times), **memory}


def _timed(case):
    """Times and memory of a step too large to lie beside others; for a process of its own."""
    times = in_turn({case: step(*case)}, N_OF_ATTENDING)[case]
    return times, {"MB": resident_mb()[1]}


def memory_of(new_work, *arguments):
    """Most memory over some runs of some work; for a process of its own."""
    work = new_work(*arguments)
    for _ in range(3):
        work()
    return {"MB": resident_mb()[1]}
