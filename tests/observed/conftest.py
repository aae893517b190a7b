"""What several tests of observed supernovae need."""

import os

import pytest


@pytest.fixture
def salt3():
    """The folder, and a function that gives a model of the parameters."""
    sncosmo = pytest.importorskip("sncosmo", reason="sncosmo is not installed")
    for package in ("iminuit", "dust_extinction"):
        pytest.importorskip(package, reason=f"{package} is not installed")
    folder = os.environ.get("SNLIB_SALT3") or pytest.skip("SNLIB_SALT3 names no folder of SALT3 surfaces")

    def model(**parameters):
        dust = sncosmo.F99Dust(3.1)
        source = sncosmo.SALT3Source(modeldir=folder)
        drawn = sncosmo.Model(source, effects=[dust], effect_names=["mw"], effect_frames=["obs"])
        drawn.set(**parameters)
        return drawn

    return folder, model
