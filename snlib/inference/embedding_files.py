"""Where light curves of one's own lie in the latent space, as a table."""

import numpy as np
import pandas as pd

from snlib.files.tables import require_suffix
from snlib.files.writing import replacing
from snlib.inference.embedding import embed
from snlib.inference.misfit import about_objects

__all__ = ["TABLE_SUFFIXES", "embedding_table", "write_table"]

#: What a file of embeddings may end with.
TABLE_SUFFIXES = (".csv", ".parquet")
# Of light curves that are embedded together: larger parts are no faster, and memory is kept for each shape.
_MOST_SLOTS = 1 << 12


def embedding_table(forecaster, curves):
    """Where light curves lie in the latent space.

    Parameters
    ----------
    forecaster : snlib.inference.forecast.Forecaster
    curves : snlib.data.ragged.RaggedLightCurves
        Of N objects.

    Returns
    -------
    pandas.DataFrame
        A row an object: ``object_id``, the columns of `snlib.inference.misfit.about_objects`, and the
        Laplace posterior's ``mean_i_j`` and ``scale_i_j`` for token i and dimension j.
    """
    model, scaling = forecaster.model, forecaster.scaling
    moments = None
    for index in curves.batches(_MOST_SLOTS):
        part = np.stack(embed(model, scaling, curves.padded(index), forecaster.device))
        if moments is None:
            moments = np.empty((2, len(curves), *part.shape[2:]), part.dtype)
        moments[:, index] = part
    columns = {"object_id": curves.object_id, **about_objects(forecaster, curves, moments[0])}
    for name, values in zip(("mean", "scale"), moments, strict=True):
        columns |= {f"{name}_{i}_{j}": values[:, i, j] for i, j in np.ndindex(values.shape[1:])}
    return pd.DataFrame(columns)


def write_table(path, table):
    """Write a table to a ``.csv`` or ``.parquet`` file.

    Raises
    ------
    ValueError
        If the suffix is another; the message names the file.
    """
    suffix = require_suffix(path, TABLE_SUFFIXES)
    with replacing(path) as temporary:
        if suffix == ".csv":
            table.to_csv(temporary, index=False)
        else:
            table.to_parquet(temporary, index=False)
