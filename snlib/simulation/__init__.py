"""From the parameters of an explosion to its surface, light curve and spectra."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "grid": ["draw_parameters", "kinetic_energy", "kinetic_velocity"],
        "parameters": ["BeyondGridWarning", "read_parameters"],
        "photometry": ["band_magnitudes"],
        "sedona": ["SedonaGrid", "read_surface", "write_surface"],
        "simulator": ["simulate"],
        "spectra": ["extract_spectra", "observe_spectra"],
        "surfaces": ["Surface"],
        "surrogate": ["Surrogate"],
        "surrogate_fit": ["fit_with_residuals"],
        "surrogate_grid": ["SurrogateGrid"],
        "survey": ["SELECTIONS", "draw_cadence", "observe"],
        "visits": ["RUBIN_VISITS", "Visits", "load_visits"],
    },
)
