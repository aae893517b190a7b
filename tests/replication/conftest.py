"""A run of forty events, whose models are trained for two steps."""

import pytest

from snlib.replication.profiles import PROFILES, Length, Profile
from snlib.replication.run import open_run


@pytest.fixture(scope="session")
def small_run(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        lengths = {"text": Length(2, 2), "improved": Length(2, 2), "evaluated": Length(1)}
        small = Profile("small", n_events=40, n_steps=2, n_posterior_samples=23, lengths=lengths)
        patch.setitem(PROFILES, "small", small)
        patch.setenv("SNLIB_GENERATED", str(tmp_path_factory.mktemp("generated")))
        run = open_run("small", seed=3)
        run.dataset()
    return run
