"""Every reader of the package, each with a small valid file of its format."""

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
from astropy.table import Table

from snlib.data.dataset import read_dataset, split_events, write_dataset
from snlib.data.light_curve_tables import read_light_curves
from snlib.data.published_sample import read_published_sample
from snlib.data.quantities import PARAMETERS, filename_from_parameters
from snlib.files import DATA, read_json
from snlib.inference.forecast import Forecaster
from snlib.inference.recalibration import Recalibration
from snlib.model.registry import new_model, recipe_for
from snlib.observed.alerts import read_alerts
from snlib.observed.apparent import read_apparent
from snlib.observed.objects import read_objects
from snlib.observed.table import read_observed
from snlib.simulation.parameters import read_parameters
from snlib.simulation.sedona import read_surface
from snlib.simulation.simulator import simulate
from snlib.simulation.surrogate import Surrogate
from snlib.simulation.visits import load_visits
from tests.observed.small_alerts import ALERTS, schema
from tests.observed.small_table import write_table
from tests.observed.test_published import ENTRY, SNANA, SNOOPY

MODEL = np.array([1.45, 1.2, 0.6, 0.56, 0.04, 50.0])


SMALL = {"d_model": 8, "d_mlp": 8, "n_layers": 1, "n_heads": 2}


@dataclass(frozen=True)
class Reader:
    """A reader; ``make(folder)`` writes what it reads and returns the file to damage."""

    make: Callable[[Path], Path]
    read: Callable[[Path], object]
    from_folder: bool = False

    def __call__(self, path):
        """Read a file that `make` wrote."""
        return self.read(path.parent if self.from_folder else path)


def _light_curves():
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "object_id": np.repeat(["a", "b", "12345678"], 5),
            "phase_days": rng.uniform(-15, 55, 15).round(3),
            "band": np.tile(list("ugriz"), 3),
            "magnitude": rng.uniform(-19, -16, 15).round(3),
        }
    )


def _csv(folder):
    _light_curves().to_csv(folder / "curves.csv", index=False)
    return folder / "curves.csv"


def _ecsv(folder):
    Table.from_pandas(_light_curves()).write(folder / "curves.ecsv", format="ascii.ecsv")
    return folder / "curves.ecsv"


def _parquet(folder):
    _light_curves().to_parquet(folder / "curves.parquet")
    return folder / "curves.parquet"


def _nested(folder):
    _light_curves().groupby("object_id").agg(list).to_parquet(folder / "curves.parquet")
    return folder / "curves.parquet"


def _apparent(folder):
    table = _light_curves().rename(columns={"phase_days": "mjd", "magnitude": "flux"})
    table = table.assign(mjd=table["mjd"] + 55_000, flux=table["flux"] + 30, flux_error=0.5, zero_point=27.5)
    table.to_csv(folder / "curves.csv", index=False)
    return folder / "curves.csv"


def _forced_photometry(folder):
    names = "filter, zpdiff, jd, forcediffimflux, forcediffimfluxunc,\n"
    rows = [f"ZTF_{'gr'[i % 2]} 26.{i} {2459000.5 + i} {100.0 * i} 20.5\n" for i in range(12)]
    (folder / "forced.dat").write_text("# of ZTF\n" + names + "".join(rows))
    return folder / "forced.dat"


def _objects(folder):
    known = {"object_id": ["a", "b"], "redshift": [0.02, 0.03], "ebv_mw": [0.05, None], "peak_mjd": 55_000.5}
    pd.DataFrame(known).to_csv(folder / "objects.csv", index=False)
    return folder / "objects.csv"


def _parameters(folder):
    names = [parameter.name for parameter in PARAMETERS]
    pd.DataFrame([MODEL, MODEL * 1.01], columns=names).to_csv(folder / "models.csv", index=False)
    return folder / "models.csv"


def _opsim(folder):
    rng = np.random.default_rng(0)
    columns = ("observationStartMJD", "fieldRA", "fieldDec", "fiveSigmaDepth")
    numbers = [rng.uniform(*limits, 40) for limits in ((60000, 61000), (0, 360), (-60, 10), (22, 25))]
    table = pd.DataFrame(dict(zip(columns, numbers, strict=True)) | {"band": np.tile(list("ugri"), 10)})
    with closing(sqlite3.connect(folder / "opsim.db")) as database:
        table.to_sql("observations", database, index=False)
    return folder / "opsim.db"


def _visits(folder):
    rng = np.random.default_rng(0)
    packed = {
        "mjd_start": np.array(60000.0),
        "mjd_step": rng.integers(0, 100, 40).astype(np.uint16),
        "ra_centideg": rng.integers(0, 36000, 40).astype(np.uint16),
        "dec_centideg": rng.integers(-6000, 0, 40).astype(np.int16),
        "band": rng.integers(0, 6, 40).astype(np.uint8),
        "depth_centimag": rng.integers(2200, 2500, 40).astype(np.int16),
    }
    np.savez_compressed(folder / "visits.npz", **packed)
    return folder / "visits.npz"


def _sedona(folder):
    path = folder / filename_from_parameters(MODEL)
    time, luminosity = np.arange(1.0, 41.0), np.ones(30)
    with h5py.File(path, "w") as file:
        file["time"], file["nu"] = time * 86400, 2.99792458e18 / np.geomspace(11100, 2400, 30)
        file["Lnu"] = 1e28 * np.exp(-0.5 * ((time - 18) / 12) ** 2)[:, None] * luminosity
    return path


def _surrogate(folder):
    path = folder / "surrogate.npz"
    path.write_bytes((DATA / "surrogate.npz").read_bytes())
    return path


def _observed(folder):
    return write_table(folder / "observed.npz")


def _text(folder, name, text):
    (folder / name).write_text(text)
    return folder / name


def _published(folder):
    rng, names = np.random.default_rng(0), [filename_from_parameters(MODEL * scale) for scale in (1, 1.1)]
    rows = {
        "gt": rng.uniform(-13, -12, (10, 8)),
        "wavelength": np.tile(np.linspace(8000, 3000, 8, dtype=np.float32), (10, 1)),
        "mask": (rng.random((10, 8)) < 0.9).astype(int),
        "phase": np.tile([-10.0, 0.0, 10.0, 20.0, 30.0], 2),
        "identity": np.repeat(names, 5),
        "posterior_samples": rng.uniform(-13, -12, (30, 8)).astype(np.float32),
        "photoflux": np.repeat(rng.uniform(-19, -15, (2, 60)), 5, axis=0),
        "phototime": np.repeat(rng.uniform(-15, 75, (2, 60)), 5, axis=0),
        "photomask": np.repeat((rng.random((2, 60)) < 0.7).astype(float), 5, axis=0),
        "photoband": np.tile(np.repeat(np.arange(6, dtype=np.int32), 10), (10, 1)),
    }
    path = folder / "posterior_test_photometrycond_job0_batch1_size10_Ia_Goldstein.npz"
    np.savez(path, **rows)
    return path


def _dataset(folder, file):
    """A few simulated events, with few pixels so that a file is made and read quickly."""
    events = simulate(20, 0)
    pixels, flux = events.spectra.wavelength_aa[::50], events.spectra.log10_fnu[..., ::50]
    events = replace(events, spectra=replace(events.spectra, wavelength_aa=pixels, log10_fnu=flux))
    write_dataset(folder, events, split_events(20, 0))
    return folder / file


def _weights(folder):
    path, recipe = folder / "weights.safetensors", replace(recipe_for("predictive-mmvae", "large"), **SMALL)
    scaling = read_dataset(_dataset(folder, "split.json").parent).scaling
    quantiles = np.array([[1.0, 2.0]])
    recalibration = Recalibration(np.array([0.0]), quantiles, 3 * quantiles)
    forecaster = Forecaster(new_model("predictive-mmvae", recipe, seed=0), scaling, recalibration)
    forecaster.save(path, {"made_from": {"seed": 0}})
    return path


def _any_json(folder):
    (folder / "any.json").write_text('{"a": [1, 2.5, "é", null, {"b": [true, [], {}]}], "c": -1e-9}')
    return folder / "any.json"


def _alerts(folder):
    import fastavro

    with open(folder / "alerts.avro", "wb") as file:
        fastavro.writer(file, schema(), ALERTS)
    return folder / "alerts.avro"


READERS = {
    "JSON": Reader(_any_json, read_json),
    "events (npz)": Reader(partial(_dataset, file="events.npz"), read_dataset, from_folder=True),
    "split (JSON)": Reader(partial(_dataset, file="split.json"), read_dataset, from_folder=True),
    "observed supernovae (npz)": Reader(_observed, read_observed),
    "published sample (npz)": Reader(_published, read_published_sample, from_folder=True),
    "surrogate (npz)": Reader(_surrogate, Surrogate.load),
    "visits (npz)": Reader(_visits, load_visits),
    "visits (SQLite)": Reader(_opsim, load_visits),
    "Sedona (HDF5)": Reader(_sedona, read_surface),
    "weights (safetensors)": Reader(_weights, Forecaster.load),
    "light curves (CSV)": Reader(_csv, read_light_curves),
    "light curves (ECSV)": Reader(_ecsv, read_light_curves),
    "light curves (Parquet)": Reader(_parquet, read_light_curves),
    "light curves as observed (CSV)": Reader(_apparent, read_apparent),
    "forced photometry (text)": Reader(_forced_photometry, read_apparent),
    "light curve (SNooPy)": Reader(partial(_text, name="a.txt", text=SNOOPY), read_apparent),
    "light curve (SNANA)": Reader(partial(_text, name="a.dat", text=SNANA), read_apparent),
    "light curve (JSON)": Reader(partial(_text, name="a.json", text=json.dumps({"a": ENTRY})), read_apparent),
    "objects (CSV)": Reader(_objects, lambda path: read_objects(path, np.array(["a", "b"], dtype=object))),
    "lists (Parquet)": Reader(_nested, read_light_curves),
    "parameters (CSV)": Reader(_parameters, read_parameters),
}
if find_spec("fastavro"):  # of the extra "survey"
    READERS["alerts (Avro)"] = Reader(_alerts, read_alerts)
