"""``snlib simulate`` from a folder of Sedona files of which one is damaged: left out if asked, else named."""

import re

import h5py
import numpy as np
import pytest

from snlib.data.events import Events
from snlib.data.quantities import filename_from_parameters
from snlib.simulation.sedona import SedonaGrid
from snlib.simulation.simulator import simulate

N_MODELS, BAD, SEED = 5, 2, 3
NAMES = [filename_from_parameters([1.2 + 0.1 * i, 1.2, 0.6, 0.56, 0.04, 50.0]) for i in range(N_MODELS)]


def write_model(path, colour):
    """A file as Sedona writes it, brightest on day 18."""
    days, nu = np.arange(1.0, 91.0), 2.99792458e18 / np.geomspace(11100, 2400, 400)
    light_curve = np.exp(-0.5 * ((days - 18) / 12) ** 2)
    with h5py.File(path, "w") as file:
        file["time"], file["nu"] = days * 86400, nu
        file["Lnu"] = 1e28 * light_curve[:, None] * (nu / 5e14) ** colour


@pytest.fixture
def models(tmp_path):
    (tmp_path / "models").mkdir()
    for place, name in enumerate(NAMES):
        write_model(tmp_path / "models" / name, 0.3 * place)
    return tmp_path / "models"


@pytest.fixture
def sound(models):
    """The events of the folder before anything is damaged."""
    return simulate(N_MODELS, SEED, SedonaGrid(models))


def put(field, value):
    """Put something in the place of a field, or what a function makes of it; nothing in its place if None."""

    def damage(path):
        with h5py.File(path, "a") as file:
            new = value(file[field][()]) if callable(value) else value
            del file[field]
            if new is not None:
                file[field] = new

    return damage


def at(place, number):
    def change(values):
        values[place] = number
        return values

    return change


def group(path):
    put("nu", None)(path)
    with h5py.File(path, "a") as file:
        file.create_group("nu")


def folder(path):
    path.unlink()
    path.mkdir()


def link_to_nothing(path):
    path.unlink()
    path.symlink_to("nothing.h5")


UNREADABLE = "not a readable HDF5 file"
DAMAGES = {
    "cut at the beginning": (lambda path: path.write_bytes(path.read_bytes()[:500]), UNREADABLE),
    "cut near the end": (lambda path: path.write_bytes(path.read_bytes()[:-100]), UNREADABLE),
    "of no bytes": (lambda path: path.write_bytes(b""), UNREADABLE),
    "text, no HDF5": (lambda path: path.write_text("time,nu,Lnu\n1,2,3\n"), UNREADABLE),
    "a folder": (folder, "no such file"),
    "a link to nothing": (link_to_nothing, "no such file"),
    "a link within that leads nowhere": (put("Lnu", h5py.SoftLink("/nothing")), "field 'Lnu' is a link"),
    "a link within to itself": (put("Lnu", h5py.SoftLink("/Lnu")), "field 'Lnu' is a link"),
    "a link to a sound file": (put("Lnu", h5py.ExternalLink(NAMES[0], "/Lnu")), "field 'Lnu' is a link"),
    "a field of no shape": (put("Lnu", h5py.Empty("f8")), "field 'Lnu' does not hold numbers"),
    "luminosity at no time": (put("Lnu", lambda v: v[:0]), "expected time (T,)"),
    "nothing at all in it": (put("time", lambda v: v[:0]), "expected time (T,)"),
    "a field is missing": (put("nu", None), "field 'nu' is missing"),
    "a field is a group": (group, "field 'nu' does not hold numbers"),
    "luminosity of one time": (put("Lnu", lambda v: v[17]), "field 'Lnu'"),
    "luminosity of one axis too many": (put("Lnu", lambda v: v[..., None]), "field 'Lnu'"),
    "time is one number": (put("time", 86400.0), "field 'time'"),
    "no number among the numbers": (put("Lnu", at((5, 5), np.nan)), "field 'Lnu' holds nan at (5, 5)"),
    "without end": (put("Lnu", at((5, 5), np.inf)), "field 'Lnu' holds inf at (5, 5)"),
    "a time that is none": (put("time", at(5, np.nan)), "field 'time' holds nan"),
    "numbers written as text": (put("nu", lambda v: v.astype("S")), "field 'nu' does not hold numbers"),
    "words": (put("time", "one two three"), "field 'time' does not hold numbers"),
}
each_damage = pytest.mark.parametrize("damage, reason", DAMAGES.values(), ids=DAMAGES)


def arguments(*more):
    given = ("--events", N_MODELS, "--seed", SEED, "--grid", "models", "--out", "set")
    return ("simulate", *map(str, given), *more)


def lines_of(said):
    return [line for line in re.split(r"[\r\n]+", said) if line.startswith("snlib: ")]


@each_damage
def test_a_damaged_model_is_left_out_and_the_others_are_as_ever(
    snlib, tmp_path, models, sound, damage, reason
):
    damage(models / NAMES[BAD])
    code, said = snlib(*arguments("--skip-bad"))
    assert code == 0, said
    place = sound.object_id.tolist().index(NAMES[BAD].removesuffix(".h5"))
    (line,) = lines_of(said)
    assert line.startswith(f"snlib: event {place} left out: models/{NAMES[BAD]}: ") and reason in line
    events, others = Events.load(tmp_path / "set/events.npz"), np.arange(N_MODELS) != place
    assert events.object_id.tolist() == sound.object_id[others].tolist()
    np.testing.assert_array_equal(events.parameters, sound.parameters[others])
    np.testing.assert_array_equal(events.light_curves.phase_days, sound.light_curves.phase_days[others])
    np.testing.assert_array_equal(events.light_curves.magnitude, sound.light_curves.magnitude[others])
    np.testing.assert_array_equal(events.spectra.log10_fnu, sound.spectra.log10_fnu[others])


@each_damage
def test_a_damaged_model_stops_it_in_one_line_if_none_may_be_left_out(
    snlib, tmp_path, models, damage, reason
):
    damage(models / NAMES[BAD])
    code, said = snlib(*arguments())
    (line,) = lines_of(said)
    assert code == 2 and said.endswith(f"{line}\n")
    assert line.startswith(f"snlib: models/{NAMES[BAD]}: ") and reason in line
    assert not (tmp_path / "set").exists()
