"""Profiles: how large a run is."""

from dataclasses import dataclass, field

__all__ = ["PROFILES", "Length", "Profile"]

# Over the training pairs, in the authors' scripts (commit 39a8dd0 of their repository).
# They have no script of the joint regressor.
_PASSES = {"mmvae": 200, "photometry-vae": 200, "spectrum-vae": 200, "joint-regressor": 200}
_PASSES_OF_OTHERS = 500


@dataclass(frozen=True)
class Length:
    """How long the models of a recipe train, and how often.

    Attributes
    ----------
    n_steps : int
        Optimiser steps of a model, at most.
    n_seeds : int
        Trainings of the MMVAE on the same events.  A recipe without any is not judged.
    """

    n_steps: int
    n_seeds: int = 0


@dataclass(frozen=True)
class Profile:
    """How large a run is: sizes, lengths and numbers of seeds, nothing else.

    Attributes
    ----------
    name : str
    n_events : int
        Simulated supernovae (the published sample has its own number).
    n_steps : int
        Optimiser steps of a model, at most, where `lengths` does not say it.
    n_posterior_samples : int
        Latent samples per posterior.
    lengths : dict of str to Length
        By recipe.
    n_seeds_compared : int
        Trainings, at most, of the models that the MMVAE of a recipe is compared with.
    """

    name: str
    n_events: int
    n_steps: int
    n_posterior_samples: int
    lengths: dict = field(default_factory=dict)
    n_seeds_compared: int = 1

    def n_seeds(self, model, recipe):
        """Trainings of a model: a name in `snlib.model.registry.MODELS`, and that of a recipe."""
        of_mmvae = self.lengths[recipe].n_seeds if recipe in self.lengths else 0
        return of_mmvae if model == "mmvae" else min(of_mmvae, self.n_seeds_compared)

    def steps_of(self, model, recipe, n_pairs):
        """Optimiser steps of a model.

        As many passes over the training pairs as in the authors' script of that model, but not more than the
        profile allows.

        Parameters
        ----------
        model : str
        recipe : snlib.model.recipes.Recipe
            Variants of a recipe, such as "evaluated-may", are as long as the recipe if the profile does not
            name them.
        n_pairs : int
            For training.

        Returns
        -------
        int
        """
        named = (name for name in (recipe.name, recipe.name.partition("-")[0]) if name in self.lengths)
        length = self.lengths.get(next(named, None))
        passes = _PASSES.get(model, _PASSES_OF_OTHERS) * max(1, n_pairs // recipe.batch_size)
        return min(passes, self.n_steps if length is None else length.n_steps)


_MOST = 562_500  # 500 passes over 3,600 events x 5 phases in batches of 16
# In the readings of the text ("Paper versus code") the last of eight experts for light curves died before
# step 66,000, and a dead one stays dead.
_ALL_DEAD = 100_000

#: The profiles of the book, by name.
PROFILES = {
    profile.name: profile
    for profile in (
        Profile(
            "smoke",
            n_events=60,
            n_steps=60,
            n_posterior_samples=20,
            lengths={"text": Length(60, 1), "evaluated": Length(15), "improved": Length(60, 1)},
        ),
        Profile(
            "quick",
            n_events=800,
            n_steps=1500,
            n_posterior_samples=100,
            lengths={"text": Length(1500, 3), "evaluated": Length(100), "improved": Length(1500, 3)},
            n_seeds_compared=3,
        ),
        # The published run; the models with attention among all positions of the decoder are the costly ones.
        Profile(
            "full",
            n_events=4500,
            n_steps=_MOST,
            n_posterior_samples=200,
            lengths={
                "text": Length(_ALL_DEAD, 5),
                "evaluated": Length(_MOST, 2),
                "evaluated-may": Length(_MOST, 2),
                "evaluated-independent": Length(_MOST, 5),
                "improved": Length(_MOST, 5),
            },
            n_seeds_compared=3,
        ),
        # Of the weights that come with the repository
        Profile("large", n_events=20_000, n_steps=36_000, n_posterior_samples=200),
    )
}
