"""Named streams of random numbers: no two are the same, but for those that froze before they had names."""

from collections import defaultdict
from functools import partial
from itertools import combinations

import numpy as np
import pytest

from snlib.random_streams import FROZEN, STREAMS, require_seed, stream

SEEDS = range(4)
PLACES = [(), (0,), (1,), (2,), (3,), (0, 0), (0, 1), (1, 0), (2, 0), (0, 0, 0)]
# Where the frozen streams are drawn from: nowhere in particular, or for each event.
EVENTS = [(0,), (1,), (2,), (3,)]
USED = {
    "models": EVENTS,
    "cadences": EVENTS,
    "split": [()],
    "Sedona files": [()],
    "fits": [(), (0,)],
    "inversion": [()],
    "predictions": [(0x9E3779B97F4A7C15,), (0xC2B2AE3D27D4EB4F,), (2**64 - 1,)],  # 64 bits of a hash
}
KNOWN = {
    frozenset({"split", "cadences"}): "the split, and the cadence of event 0",
    frozenset({"models", "fits"}): "the model of event 0, and a fit",
    frozenset({"models", "inversion"}): "the model of event 0, and the starts of inversions",
    frozenset({"fits", "inversion"}): "a fit, and the starts of inversions",
    frozenset({"fits"}): "a fit, and the noise of its model 0",
}


def same(places_of):
    """Streams by what they draw first: those of which several draw the same."""
    drawn = defaultdict(list)
    for name, places in places_of.items():
        for seed in SEEDS:
            for place in places:
                drawn[stream(name, seed, *place).bytes(16)].append((name, seed, place))
    return [keys for keys in drawn.values() if len(keys) > 1]


def test_no_two_streams_are_the_same():
    assert same(dict.fromkeys(STREAMS, PLACES)) == []


def test_frozen_streams_meet_only_where_it_is_known():
    assert set(USED) == set(FROZEN)
    found = set()
    for keys in same(dict.fromkeys(STREAMS, PLACES) | USED):
        found |= {frozenset({a[0], b[0]}) for a, b in combinations(keys, 2)}
    assert found == set(KNOWN)


@pytest.mark.parametrize(
    "name, seed, place, key",
    [
        ("models", 3, (7,), (3, 0, 7)),
        ("cadences", 3, (7,), (3, 1, 7)),
        ("split", 3, (), (3, 1)),
        ("Sedona files", 3, (), (3, 2)),
        ("predictions", 3, (2**63,), (3, 2**63)),
        ("fits", 0, (), 0),
        ("fits", 0, (5,), (0, 5)),
        ("inversion", 3, (), 3),
    ],
)
def test_frozen_streams_are_those_that_were_there_before_names(name, seed, place, key):
    np.testing.assert_array_equal(stream(name, seed, *place).random(5), np.random.default_rng(key).random(5))


def test_numbers_of_streams_are_not_used_twice():
    assert len(set(STREAMS.values())) == len(STREAMS)
    assert not set(STREAMS) & set(FROZEN)


def test_an_unknown_stream_is_refused():
    with pytest.raises(KeyError):
        stream("dice", 0)


@pytest.mark.parametrize("seed", [-1, 2**63, 1.0, "1", None, True, np.float64(1), np.int64(-1)])
def test_what_is_no_seed_is_refused(seed):
    message = r"^seed is .*, expected a whole number from 0 to 2\*\*63 - 1, such as 7$"
    for refuse in (require_seed, partial(stream, "batches"), partial(stream, "models")):
        with pytest.raises(ValueError, match=message):
            refuse(seed)


@pytest.mark.parametrize("seed", [0, 2**63 - 1, np.int64(3), np.uint8(3)])
def test_whole_numbers_are_seeds(seed):
    assert stream("batches", seed).random() == stream("batches", int(seed)).random()
