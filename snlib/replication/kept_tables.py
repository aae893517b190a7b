"""Tables of results as they come with the repository, and beside them from what they were made."""

from pathlib import Path

from snlib.files.json_files import write_json
from snlib.files.writing import replacing

__all__ = ["keep_tables"]


def keep_tables(folder, tables, made_from):
    """Write tables, their numbers rounded to four digits, and from what they were made.

    Parameters
    ----------
    folder : path-like
        Made if it is missing; gets ``<name>.csv`` of each table, and ``provenance.json``.
    tables : dict of str to pandas.DataFrame
    made_from : dict
        JSON.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for name, table in tables.items():
        with replacing(folder / f"{name}.csv") as temporary:
            table.to_csv(temporary, index=False, float_format="%.4g")
    write_json(folder / "provenance.json", made_from)
