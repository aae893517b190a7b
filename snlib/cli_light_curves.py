"""The commands of the command line that take light curves, and what becomes of what they write.

Each imports what it needs when it runs.
"""

from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from snlib.cli_book import Device
from snlib.data.quantities import SPECTRUM_PHASES_DAYS
from snlib.joint.command import SpectraOption
from snlib.observed.command import ColumnsOption, ObjectsOption, Salt3Option, VisitsOption, ZeroPointOption
from snlib.survey.command import MemoryOption, SchedulerOption, SkipBadOption, WorkersOption

__all__ = ["LIGHT_CURVE_COMMANDS", "PHASES", "numbers_in"]

#: The phases of a spectrum where no others are asked for.
PHASES = ",".join(f"{phase:g}" for phase in SPECTRUM_PHASES_DAYS)
_WAVELENGTHS = ",".join(str(wavelength_aa) for wavelength_aa in range(3000, 8001, 100))
_LightCurves = Annotated[
    Path,
    typer.Argument(
        help="Table with the columns object_id, phase_days, band, magnitude and maybe upper_limit: text "
        "(.csv, .tsv, .txt, .dat, .ecsv, maybe .gz), .parquet or a folder of such parts. Or as observed: mjd "
        "for phase_days, and apparent magnitude (AB) or flux (see --zero-point), or Rubin's --columns, or "
        "alerts (.avro); see --objects and --salt3."
    ),
]
_Weights = Annotated[
    str, typer.Option(help="Weights of an MMVAE: a file, or the name of a folder or set in data/weights.")
]


def numbers_in(text, name):
    """Numbers that were given as text.

    Parameters
    ----------
    text : str
        Separated by commas.
    name : str
        Of the option, for the message.

    Returns
    -------
    ndarray

    Raises
    ------
    ValueError
        If they are no numbers.
    """
    try:
        return np.array([float(word) for word in text.split(",")])
    except ValueError:
        raise ValueError(f"{name}: {text!r} is not a list of numbers like -10,0,10") from None


def _forecaster(weights, device):
    from snlib.inference import Forecaster, find_weights
    from snlib.replication import open_run

    return Forecaster.load(find_weights(weights), open_run(device=device).device)


def predict(
    light_curves: _LightCurves,
    out: Annotated[Path, typer.Option(help="npz or csv file to write.")],
    phases: Annotated[str, typer.Option(help="Days from peak, separated by commas.")] = PHASES,
    samples: Annotated[int, typer.Option(help="Spectra to draw for each object and phase.")] = 200,
    seed: Annotated[int, typer.Option(help="Of the draws; each object has its own, by its id.")] = 0,
    latent_only: Annotated[
        bool, typer.Option("--latent-only", help="Draw from the latent posterior, without the likelihood.")
    ] = False,
    weights: Annotated[
        str | None,
        typer.Option(
            help="Weights of an MMVAE or a joint transceiver: a file, or the name of a folder or set in "
            "data/weights.",
            show_default="large; with --objects, observed",
        ),
    ] = None,
    device: Device = "auto",
    objects: ObjectsOption = None,
    zero_point: ZeroPointOption = None,
    salt3: Salt3Option = None,
    columns: ColumnsOption = None,
    visits: VisitsOption = None,
    spectra: SpectraOption = None,
    summary: Annotated[
        bool, typer.Option("--summary", help="Mean, 90 % interval and features only, as for a survey.")
    ] = False,
    wavelengths: Annotated[
        str, typer.Option(help="Of a summary: Angstrom, separated by commas.", show_default="each 100")
    ] = _WAVELENGTHS,
    workers: WorkersOption = 1,
    memory: MemoryOption = None,
    scheduler: SchedulerOption = None,
    skip_bad: SkipBadOption = False,
):
    """Spectra of supernovae from their light curves, with their uncertainty.

    Light curves: absolute AB magnitudes over rest-frame days from peak. Writes object_id (N,), phase_days
    (P,), wavelength_aa (L,) and samples (N, S, P, L), log10 of erg/s/cm2/Hz at 10 pc; with --latent-only
    latent_samples instead. To a csv file: mean and 90 % interval, a row an object, phase and wavelength. With
    each object: n_points, misfit_mag (rms of synthetic minus given magnitudes after -3 d) and unlike, true
    where the light curve is unlike those of training. After a kill the same command goes on where it was.
    Observed light curves are predicted by weights that learned from observed supernovae, which read observed
    spectra of the same objects too (--spectra). What was done to them: OUT.steps.csv, or columns of the
    result of a survey.

    With --summary a parquet file or, of a survey as for embed, a folder: in place of samples two nested
    columns, spectra (mean and 90 % interval) and features (g and r magnitudes, colour, lines, likewise).
    """
    from snlib.files import require_suffix
    from snlib.inference import PREDICTION_SUFFIXES, Request, find_weights, write_predictions
    from snlib.joint.command import knowing_spectra, load_joint
    from snlib.observed import Given, light_curves_at_rest
    from snlib.replication import digest, open_run
    from snlib.survey import Cluster, Summary, run_survey_or_table

    cluster = Cluster(workers, memory, scheduler)
    given = Given(objects, zero_point, salt3, columns, visits)
    if summary and spectra is not None:
        raise ValueError("spectra: a summary is of light curves alone")
    if summary:
        phase_days, wavelength_aa = numbers_in(phases, "--phases"), numbers_in(wavelengths, "--wavelengths")
        model = (str(find_weights(weights or "large").absolute()), open_run(device=device).device)
        task = Summary(*model, tuple(phase_days), tuple(wavelength_aa), samples, seed, latent_only)
        run_survey_or_table(light_curves, out, task, digest("survey"), cluster, skip_bad, given)
        return
    cluster.require_none(skip_bad)
    require_suffix(out, PREDICTION_SUFFIXES)
    request = Request(numbers_in(phases, "--phases"), samples, seed, latent_only)
    path = weights and find_weights(weights)
    with light_curves_at_rest(light_curves, out, digest("survey"), given) as (curves, steps):
        path = path or find_weights("observed" if steps else "large")
        joint = load_joint(path)
        forecaster, code = (joint, digest("joint")) if joint else (_forecaster(str(path), device), "")
        forecaster = knowing_spectra(forecaster, spectra, steps)
        write_predictions(out, forecaster, curves, request, digest("predictions") + code)


def embed_light_curves(
    light_curves: _LightCurves,
    out: Annotated[Path, typer.Option(help="csv or parquet file to write; of a survey maybe a folder.")],
    weights: _Weights = "large",
    device: Device = "auto",
    objects: ObjectsOption = None,
    zero_point: ZeroPointOption = None,
    salt3: Salt3Option = None,
    columns: ColumnsOption = None,
    visits: VisitsOption = None,
    workers: WorkersOption = 1,
    memory: MemoryOption = None,
    scheduler: SchedulerOption = None,
    skip_bad: SkipBadOption = False,
):
    """Where supernovae lie in the latent space, from their light curves.

    Light curves as for predict. Writes object_id, n_points, misfit_mag, unlike, and mean and scale of each
    number of the latent. Parquet is a survey unless a csv file is to be written: it is read and written piece
    by piece, however large it is, and after a kill the same command goes on where it was.
    """
    from snlib.files import require_suffix
    from snlib.inference import TABLE_SUFFIXES, embedding_table, find_weights, write_table
    from snlib.observed import Given, light_curves_at_rest
    from snlib.replication import digest, open_run
    from snlib.survey import Cluster, Embedding, is_survey, run_survey

    cluster = Cluster(workers, memory, scheduler)
    given = Given(objects, zero_point, salt3, columns, visits)
    if is_survey(light_curves) and out.suffix.lower() != ".csv":
        task = Embedding(str(find_weights(weights).absolute()), open_run(device=device).device)
        run_survey(light_curves, out, task, digest("survey"), cluster, skip_bad, given)
        return
    cluster.require_none(skip_bad)
    require_suffix(out, TABLE_SUFFIXES)
    forecaster = _forecaster(weights, device)
    with light_curves_at_rest(light_curves, out, digest("survey"), given) as (curves, _):
        write_table(out, embedding_table(forecaster, curves))


def observe_predictions(
    predictions: Annotated[Path, typer.Argument(help="csv file that snlib predict has written.")],
    out: Annotated[Path, typer.Option(help="csv file to write.")],
    objects: ObjectsOption = None,
):
    """Predicted spectra as a telescope would see them, to lay beside an observed one.

    Writes object_id, phase_days, mjd, wavelength_aa (of the observer), and f_lambda with its 90 % interval in
    erg/s/cm2/Angstrom: redshifted, at the object's distance, behind the dust of the Milky Way. Redshift,
    distance, dust and peak are those in PREDICTIONS.steps.csv, or of --objects.
    """
    from snlib.observed import write_as_observed

    write_as_observed(predictions, out, objects)


def export_model(
    out: Annotated[Path, typer.Option(help="Folder to write to.")],
    weights: _Weights = "large",
):
    """Encoders and decoders as ONNX, for programs without PyTorch.

    Writes WEIGHTS-PART.onnx for each of photometry-encoder, photometry-decoder, spectrum-encoder,
    spectrum-decoder and, of a predictive MMVAE, predictive (from light curves to spectra with their errors).
    All inputs and outputs are in physical units; each file says which, and what its mask means, in its
    metadata.
    """
    import snlib.joint.model  # so that all architectures are known
    import snlib.replication.evaluated  # noqa: F401
    from snlib.export import export_weights
    from snlib.inference import find_weights

    export_weights(find_weights(weights), out)


#: Functions by the names of their commands.
LIGHT_CURVE_COMMANDS = {
    "predict": predict,
    "embed": embed_light_curves,
    "observe": observe_predictions,
    "export": export_model,
}
