"""From weights and light curves to spectra, embeddings and parameters, with their uncertainty."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "embedding": ["embed", "encode", "predict_parameters", "retrieve_spectra"],
        "embedding_files": ["TABLE_SUFFIXES", "embedding_table", "write_table"],
        "forecast": ["Forecaster"],
        "inversion": ["Inversion", "invert_light_curves", "inverted_samples"],
        "misfit": ["FIRST_JUDGED_DAYS", "Familiarity", "about_objects", "misfit_columns"],
        "posteriors": ["from_light_curve", "from_spectra", "mean_spectrum", "posterior_samples"],
        "predict": ["Request", "predict_spectra"],
        "prediction_files": ["PREDICTION_SUFFIXES", "write_predictions"],
        "recalibration": ["Recalibration"],
        "samplers": [
            "draw_events",
            "fit_recalibration",
            "forecast_sampler",
            "inversion_sampler",
            "light_curve_sampler",
            "mean_spectrum_sampler",
            "recalibrated",
            "spectra_sampler",
            "spectrum_posteriors",
        ],
        "samples": ["central_interval"],
        "shipped": ["DEFAULT_WEIGHTS", "OBSERVED_WEIGHTS", "find_weights"],
    },
)
