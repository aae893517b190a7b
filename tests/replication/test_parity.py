"""Our models give the numbers of the authors' program, of both states that its checkpoint may be of."""

import pytest
import torch

from snlib.files.tensors import read_tensors
from snlib.model.registry import new_model, recipe_for
from snlib.replication import parity
from snlib.replication.parity import (
    NUMBERS,
    QUANTITIES,
    STATES,
    batch_of,
    largest_differences,
    our_numbers,
    projections,
)


@pytest.fixture(scope="module")
def theirs():
    return read_tensors(NUMBERS)[0]


@pytest.fixture(scope="module")
def compared():
    """The table of differences, and our numbers that it is made from, by commit."""
    ours = {}

    def noted(commit, theirs):
        ours[commit] = our_numbers(commit, theirs)
        return ours[commit]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parity, "our_numbers", noted)
        return largest_differences(), ours


@pytest.fixture
def ours(compared):
    return compared[1]


def test_every_number_is_theirs_to_a_hundred_thousandth(compared):
    table, _ = compared
    assert table["difference"].max() < 1e-5
    assert set(table["quantity"]) == set(QUANTITIES)
    assert table.groupby("commit")["n_numbers"].sum().min() > 10_000


@pytest.mark.parametrize("commit", STATES)
def test_importance_weights_are_theirs_in_nats(theirs, ours, commit):
    """Not only relative to the large number that points which are not observed add to them."""
    found, expected = ours[commit]["log_weights"], theirs[f"{commit}/log_weights"]
    torch.testing.assert_close(found.detach(), expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize("commit", STATES)
def test_all_that_is_kept_is_compared(theirs, ours, commit):
    kept = {name.split("/")[1] for name in theirs if name.startswith(commit)}
    samples = {"samples", "photometry.samples", "spectrum.samples"}
    assert set(ours[commit]) == kept - samples


def test_all_their_weights_are_used(theirs):
    ours = set()
    for name in ("mmvae", "contrastive", "photometry-regressor", "spectrum-regressor"):
        model = new_model(name, recipe_for(name, "evaluated-may"), seed=0)
        ours |= {f"{name}.{key}" for key in model.state_dict()}
    kept = {name.removeprefix("weights/") for name in theirs if name.startswith("weights/")}
    assert {name for name in kept if not name.startswith("head.")} == ours


def test_what_they_were_given_has_gaps(theirs):
    """Masks that hide nothing would show nothing."""
    batch = batch_of(theirs)
    for one in (batch.photometry, batch.spectrum):
        assert 0.1 < one.observed.float().mean() < 0.95
        assert one.value[~one.observed].abs().mean() > 0.5


@pytest.mark.parametrize("name", ["photometry.encoder.line.bias", "spectrum.decoder.table"])
def test_a_weight_that_is_off_by_a_thousandth_shows(theirs, name):
    weight = theirs[f"weights/mmvae.{name}"].float().clone()
    weight.view(-1)[0] += 1e-3
    found = our_numbers("2053415", theirs | {f"weights/mmvae.{name}": weight})
    largest = max((value - theirs[f"2053415/{key}"]).abs().max().item() for key, value in found.items())
    assert largest > 1e-4


def test_projections_tell_gradients_apart():
    one = torch.arange(6.0, dtype=torch.float64).reshape(2, 3)
    assert projections("a", one)[0] == one.norm()
    for other in (-one, one.flip(0), one + torch.eye(2, 3) * 1e-4):
        assert (projections("a", one) - projections("a", other)).abs().max() > 1e-5
    assert not torch.equal(projections("a", one)[1:], projections("b", one)[1:])
