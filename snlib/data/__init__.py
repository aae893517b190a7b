"""What a supernova is, as numbers: parameters, light curve and spectra, physical and standardised."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "batches": ["Batch", "Pairs", "Photometry", "Spectrum"],
        "dataset": [
            "SPLIT_FRACTIONS",
            "Dataset",
            "make_dataset",
            "read_dataset",
            "split_events",
            "write_dataset",
        ],
        "events": ["Events", "LightCurves", "Spectra"],
        "light_curve_tables": ["LIGHT_CURVE_COLUMNS", "read_light_curves"],
        "published_sample": ["PublishedSample", "read_published_sample"],
        "quantities": [
            "BANDS",
            "FAINTEST_MAGNITUDE",
            "LAST_PHASE_DAYS",
            "PARAMETERS",
            "SPECTRUM_PHASES_DAYS",
            "SURFACE_PHASES_DAYS",
            "SURFACE_WAVELENGTH_AA",
            "WAVELENGTH_AA",
        ],
        "ragged": ["RaggedLightCurves"],
        "scaling": ["Scaling"],
    },
)
