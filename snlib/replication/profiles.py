"""Profiles: how large a run is."""

from dataclasses import dataclass

__all__ = ["PROFILES", "Profile"]


@dataclass(frozen=True)
class Profile:
    """How large a run is: sizes, lengths and number of seeds, nothing else.

    Attributes
    ----------
    name : str
    n_events : int
        Simulated supernovae (the published sample has its own number).
    n_steps : int
        Optimiser steps per model.
    n_steps_evaluated : int
        Optimiser steps per model as the authors evaluated it, whose steps take many times as long.
    n_posterior_samples : int
        Latent samples per posterior.
    n_seeds : int
        Repeats where scatter matters.
    """

    name: str
    n_events: int
    n_steps: int
    n_steps_evaluated: int
    n_posterior_samples: int
    n_seeds: int


PROFILES = {
    profile.name: profile
    for profile in (
        Profile("smoke", n_events=60, n_steps=60, n_steps_evaluated=15, n_posterior_samples=20, n_seeds=1),
        Profile(
            "quick", n_events=800, n_steps=1500, n_steps_evaluated=100, n_posterior_samples=100, n_seeds=1
        ),
        # 500 passes over 3,600 events x 5 phases in batches of 16, and the authors' 200
        Profile(
            "full",
            n_events=4500,
            n_steps=562_500,
            n_steps_evaluated=225_000,
            n_posterior_samples=200,
            n_seeds=3,
        ),
        # Of the weights that come with the repository
        Profile(
            "large",
            n_events=20_000,
            n_steps=36_000,
            n_steps_evaluated=36_000,
            n_posterior_samples=200,
            n_seeds=1,
        ),
    )
}
