"""What a decoder says of data: independent pixels (Laplace), or pixels that err together (normal)."""

import math

import torch
from jaxtyping import Bool, Float
from torch import Tensor, distributions

__all__ = ["Laplace", "LowRankNormal", "joined"]


class Laplace(distributions.Laplace):
    """Independent Laplace distributions; NaN passes, for the training to stop at and name."""

    def __init__(self, loc, scale):
        super().__init__(loc, scale, validate_args=False)

    def log_likelihood(
        self, values: Float[Tensor, "*B L"], observed: Bool[Tensor, "*B L"]
    ) -> Float[Tensor, "*S"]:
        """Sum of log p over what is observed; of the shape of `loc` but for L."""
        return self.log_prob(values).masked_fill(~observed, 0.0).sum(-1)

    def draw(self, rng) -> Tensor:
        """One draw around each location, of its shape, with the numbers of a numpy generator."""
        return self.loc + self.scale * _numbers(rng.laplace, self.loc)


class LowRankNormal:
    """A normal distribution whose pixels share a few modes of error.

    A draw is ``loc + factors @ e + scale * n`` with standard normal e (R numbers for the whole
    spectrum) and n (one a pixel), so the covariance is ``factors factors^T + diag(scale^2)``.

    Parameters
    ----------
    loc, scale : Tensor, shape (..., L)
    factors : Tensor, shape (..., L, R)
    """

    def __init__(
        self,
        loc: Float[Tensor, "*B L"],
        scale: Float[Tensor, "*B L"],
        factors: Float[Tensor, "*B L R"],
    ):
        self.loc, self.scale, self.factors = loc, scale, factors

    def log_likelihood(
        self, values: Float[Tensor, "*B L"], observed: Bool[Tensor, "*B L"]
    ) -> Float[Tensor, "*S"]:
        """Log density of what is observed, the rest integrated out; of the shape of `loc` but for L.

        With factors and errors in units of the scale, W and r, the quadratic form is the least
        ``|r - W e|^2 + |e|^2`` (Woodbury's identity), which no rounding can make negative, and the
        determinant rests on the matrix R x R ``1 + W^T W``.  That is eliminated row by row, in steps
        that every device can record, always in single precision or better.
        """
        with torch.autocast(self.loc.device.type, enabled=False):
            factors = torch.where(observed[..., None], self.factors / self.scale[..., None], 0.0)
            error = (torch.where(observed, values - self.loc, 0.0) / self.scale)[..., None]
            together, log_determinant = _solve(factors, error)
            squares = (error - factors @ together).square().sum((-1, -2)) + together.square().sum((-1, -2))
            log_determinant = log_determinant + 2 * self.scale.log().masked_fill(~observed, 0.0).sum(-1)
            n = observed.sum(-1, dtype=self.loc.dtype)
            return -0.5 * (squares + log_determinant + n * math.log(2 * math.pi))

    def variance(self) -> Tensor:
        """Variance of each pixel by itself, of the shape of `loc`."""
        return self.scale.square() + self.factors.square().sum(-1)

    def expand(self, n: int):
        """The same distribution n times, along a new first axis."""
        return LowRankNormal(*(x.expand(n, *x.shape) for x in (self.loc, self.scale, self.factors)))

    def draw(self, rng) -> Tensor:
        """One draw around each location, of its shape, with the numbers of a numpy generator."""
        together = _numbers(rng.standard_normal, self.factors[..., :1, :])
        alone = _numbers(rng.standard_normal, self.loc)
        return self.loc + (self.factors * together).sum(-1) + self.scale * alone


def _solve(factors, error):
    """Solve (1 + W^T W) e = W^T r; also the logarithm of the matrix's determinant."""
    rank = factors.shape[-1]
    one = torch.eye(rank, dtype=factors.dtype, device=factors.device)
    rest = torch.cat([factors.mT @ factors + one, factors.mT @ error], dim=-1)
    log_determinant, rows = rest.new_zeros(rest.shape[:-2]), []
    for _ in range(rank):
        pivot = rest[..., :1, :1]
        log_determinant = log_determinant + pivot[..., 0, 0].log()
        rows.append(rest[..., :1, 1:] / pivot)
        # As a matrix product it is the same, but what ptxas 12 and 13.0 make of the kernel that the compiler
        # then writes for 32 models reads wrong elements (see test_cuda.py).
        rest = rest[..., 1:, 1:] - rest[..., 1:, :1] * rows[-1]
    solution = factors.new_zeros(*rest.shape[:-2], 0, 1)
    for row in reversed(rows):
        solution = torch.cat([row[..., -1:] - row[..., :-1] @ solution, solution], dim=-2)
    return solution, log_determinant


def joined(likelihoods):
    """Likelihoods of one kind as one, along their first axis."""
    names = ("loc", "scale", "factors") if hasattr(likelihoods[0], "factors") else ("loc", "scale")
    return type(likelihoods[0])(*(torch.cat([getattr(one, name) for one in likelihoods]) for name in names))


def _numbers(draw, like):
    return torch.from_numpy(draw(size=tuple(like.shape)).astype("float32")).to(like.device)
