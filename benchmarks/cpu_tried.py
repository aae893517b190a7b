"""Ways to train faster on a CPU, each measured against the training as it is."""

import time
from dataclasses import replace
from statistics import median
from unittest.mock import patch

import torch
import torch.nn.functional as F
from cpu_parts import part_works
from measure import in_fresh_process, in_turn, ratio
from synthetic import Case, pairs

from snlib.data.batches import Pairs
from snlib.model.transceiver import CrossAttention
from snlib.training.steps import use_one_core


class PerEvent(Pairs):
    """Pairs whose spectra each have wavelengths of their own, which are then embedded one by one."""

    def take(self, index, shown=True):
        batch = super().take(index, shown)
        wavelength = self.wavelength.expand(len(index), -1)
        return replace(batch, spectrum=replace(batch.spectrum, wavelength=wavelength))


def plain_attention(self, query, context, observed=None, attend=None):
    """`CrossAttention.forward` with torch's attention: keys and values of the whole context."""
    normed = self.norm_context(context)
    parts = self.to_query(self.norm_query(query)), self.to_key(normed), self.to_value(normed)
    heads = (part.unflatten(-1, (self.n_heads, -1)).transpose(1, 2) for part in parts)
    mask = None if observed is None else observed[:, None, None]
    mixed = F.scaled_dot_product_attention(*heads, attn_mask=mask)
    query = query + self.to_out(mixed.transpose(1, 2).flatten(2))
    return query + self.mlp(self.norm_mlp(query))


def with_plain_attention(case):
    def work():
        with patch.object(CrossAttention, "forward", plain_attention):
            return case.run()

    torch.testing.assert_close(work(), case.run(), rtol=1e-2, atol=0)
    return work


def batch_sizes(data, n_decoded):
    """Rows: how many times as many pairs a second larger batches train, in turn with batches of 16."""
    rows = []
    for batch, repeats in ((64, 7), (256, 5)):
        works = {size: Case(data, size, n_decoded).run for size in (16, batch)}
        times = in_turn(works, repeats)
        rows.append(
            {"batch": batch, "times as many pairs a second": batch / 16 / ratio(times[batch], times[16])}
        )
    return rows


def tried(data, batch, lengths, compiled):
    """Rows: a step as it is and changed, taken in turn."""
    rows = []
    for n in lengths:
        works = {
            "as it is": Case(data, batch, n).run,
            "wavelengths embedded per event": Case(PerEvent(**vars(data)), batch, n).run,
            "bf16-mixed": Case(data, batch, n, "bf16-mixed").run,
            "torch's attention": with_plain_attention(Case(data, batch, n)),
        }
        if compiled and n == lengths[0]:
            works["torch.compile"] = Case(data, batch, n, compiled=True).run
            started = time.perf_counter()
            works["torch.compile"]()
            print(f"compiled in {time.perf_counter() - started:.0f} s", flush=True)
        times = in_turn(works, 9)
        as_it_is = times.pop("as it is")
        changed = {name: (column, as_it_is) for name, column in times.items()}
        changed["light curves once per event"] = light_curves_once(data, batch, n)
        changed["freed memory given back"] = memory_given_back(batch, n)
        rows += [
            {"decoded": n, "tried": name, "ratio": ratio(new, old)} for name, (new, old) in changed.items()
        ]
    return rows


def light_curves_once(data, batch, n_decoded):
    """Steps less what is spent on three quarters of the light curves: four pairs share each.

    The least such steps would take, since the decoder has different samples for each pair.
    """
    case, fewer = Case(data, batch, n_decoded), Case(data, batch // 4, n_decoded)
    times = in_turn(
        {"step": case.run, "all": _light_curve_work(case), "quarter": _light_curve_work(fewer)}, 9
    )
    return [step - all_ + quarter for step, all_, quarter in zip(*times.values(), strict=True)], times["step"]


def _light_curve_work(case):
    parts, _ = part_works(case)

    def work():
        parts["light-curve encoder"]()
        parts["light-curve decoder"]()

    return work


def memory_given_back(batch, n_decoded, repeats=5):
    """Steps in processes that give freed memory back, as malloc does by itself, and in others."""
    times = {one_thread: [], use_one_core: []}
    for _ in range(repeats):
        for initializer, column in times.items():
            column.append(in_fresh_process(_median_step, batch, n_decoded, initializer=initializer))
    return times.values()


def one_thread():
    torch.set_num_threads(1)


def _median_step(batch, n_decoded):
    return median(in_turn({"step": Case(pairs(50, "cpu"), batch, n_decoded).run}, 7)["step"])
