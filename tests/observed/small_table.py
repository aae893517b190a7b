"""A small table of observed supernovae, in the format of the one that is not committed."""

import numpy as np

from snlib.files.npz import write_npz

N_OBJECTS, N_SPECTRA, N_POINTS = 6, 12, 60
WAVELENGTH_AA = np.linspace(3400.0, 8100.0, 200)


def arrays():
    """Six supernovae with two spectra and ten points each."""
    rng = np.random.default_rng(0)
    return {
        "object_id": np.array([f"SN {i}" for i in range(N_OBJECTS)]),
        "salt3_x1": np.linspace(-1, 1, N_OBJECTS, dtype=np.float32),
        "salt3_c": np.linspace(-0.1, 0.1, N_OBJECTS, dtype=np.float32),
        "fold": np.arange(N_OBJECTS, dtype=np.int8) % 3,
        "lc_object": np.repeat(np.arange(N_OBJECTS, dtype=np.int16), 10),
        "lc_phase_days": np.tile(np.arange(-10.0, 40.0, 5.0, dtype=np.float32), N_OBJECTS),
        "lc_band": np.tile(np.array(list("ugriz")), 12),
        "lc_magnitude": rng.normal(-19, 0.3, N_POINTS).astype(np.float32),
        "lc_magnitude_error": np.full(N_POINTS, 0.02, np.float32),
        "spectrum_object": np.repeat(np.arange(N_OBJECTS, dtype=np.int16), 2),
        "spectrum_phase_days": np.tile(np.array([0.0, 20.0], np.float32), N_OBJECTS),
        "wavelength_aa": WAVELENGTH_AA.astype(np.float32),
        "log10_fnu": rng.normal(-12, 0.1, (N_SPECTRA, len(WAVELENGTH_AA))).astype(np.float32),
    }


def write_table(path, **changed):
    """Write the table with some arrays changed, or left out where they are None; gives the path."""
    kept = {name: values for name, values in (arrays() | changed).items() if values is not None}
    write_npz(path, **kept)
    return path
