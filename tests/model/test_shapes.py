"""The shapes that the model's arguments are annotated with are checked in every test."""

import pytest
import torch
from jaxtyping import TypeCheckError

from snlib.model.objectives import iwae
from snlib.model.recipes import RECIPES
from snlib.model.transceiver import CrossAttention


@pytest.mark.parametrize(
    "context, observed",
    [
        (torch.zeros(2, 5, 31), None),  # of another width
        (torch.zeros(3, 5, 32), None),  # another batch
        (torch.zeros(2, 5, 32), torch.ones(2, 4, dtype=torch.bool)),  # another length
        (torch.zeros(2, 5, 32), torch.ones(2, 5)),  # no mask
    ],
)
def test_an_argument_of_another_shape_is_refused(context, observed):
    with pytest.raises(TypeCheckError):
        CrossAttention(RECIPES["text"])(torch.zeros(2, 3, 32), context, observed)


def test_a_result_of_another_rank_is_refused():
    with pytest.raises(TypeCheckError):
        iwae(torch.zeros(2, 3), "tight")
