"""From the cells of a table to texts, numbers and flags; what is none is named by its place."""

import numpy as np
import pyarrow as pa
from pyarrow import compute as pc

__all__ = ["flags", "numbers", "words"]

_MISSING = pa.array(["", "nan", "null", "none", "na", "n/a", "-", "--"], pa.large_string())
_TRUE, _FALSE = ("true", "t", "yes", "y", "1", "1.0"), ("false", "f", "no", "n", "0", "0.0", "", "nan")


def words(column):
    """Cells as text without blanks around.

    Parameters
    ----------
    column : pyarrow.ChunkedArray, shape (R,)

    Returns
    -------
    code : ndarray of int, shape (R,)
        Index of the text of each cell.
    texts : list of str
        That occur, in the order of first appearance; empty where there is nothing, with nulls last.
    """
    if pa.types.is_dictionary(column.type):  # in another order, and maybe with texts that do not occur
        column = column.cast(column.type.value_type)
    encoded = column.dictionary_encode().combine_chunks()
    encoded = encoded.chunk(0) if isinstance(encoded, pa.ChunkedArray) else encoded
    values = encoded.dictionary
    if not pa.types.is_floating(values.type):  # those as Python writes them: it reads the same number again
        values = values.cast(pa.large_string())
    place = {}
    codes = [
        place.setdefault("" if value is None else str(value).strip(), len(place))
        for value in values.to_pylist()
    ]
    code = encoded.indices.to_numpy(zero_copy_only=False)
    if encoded.null_count:
        codes.append(place.setdefault("", len(place)))
        code = np.where(np.isnan(code), len(codes) - 1, code).astype(np.int32)
    return np.array(codes, dtype=np.int32)[code], list(place)


def numbers(column, where):
    """Cells as numbers.

    Parameters
    ----------
    column : pyarrow.ChunkedArray, shape (R,)
        Of numbers, or of text.
    where : callable
        Row -> str, what a message begins with.

    Returns
    -------
    ndarray, shape (R,)
        NaN where there is no value.

    Raises
    ------
    ValueError
        If a cell is something else; the message gives it.
    """
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if _is_number(column.type):
        return column.cast(pa.float64(), safe=False).to_numpy()
    texts = column.cast(pa.large_string())
    try:
        return texts.cast(pa.float64()).to_numpy()  # nothing but plain numbers
    except pa.ArrowInvalid:
        texts = pc.utf8_trim_whitespace(texts)
        texts = pc.if_else(pc.is_in(pc.utf8_lower(texts), _MISSING), None, texts)
    try:
        return texts.cast(pa.float64()).to_numpy()
    except pa.ArrowInvalid:
        return np.array([_number(text, row, where) for row, text in enumerate(texts.to_pylist())])


def _is_number(kind):
    return pa.types.is_floating(kind) or pa.types.is_integer(kind) or pa.types.is_decimal(kind)


def _number(text, row, where):
    if text is None:
        return np.nan
    try:
        if "_" in text:  # which Python reads, and nobody else
            raise ValueError
        return float(text)
    except ValueError:
        raise ValueError(f"{where(row)}: {text!r} is not a number") from None


def flags(column, where):
    """Cells as true or false.

    Parameters
    ----------
    column : pyarrow.ChunkedArray, shape (R,)
        Of true and false, of 1 and 0, or of words for them.
    where : callable
        As in `numbers`.

    Returns
    -------
    ndarray of bool, shape (R,)
        False where there is no value.

    Raises
    ------
    ValueError
        If a cell is something else; the message gives it.
    """
    code, texts = words(column)
    is_true = np.array([text.lower() in _TRUE for text in texts], dtype=bool)
    unknown = np.array([text.lower() not in _TRUE + _FALSE for text in texts], dtype=bool)[code]
    if unknown.any():
        row = int(np.argmax(unknown))
        raise ValueError(f"{where(row)}: {texts[code[row]]!r} is neither true nor false")
    return is_true[code]
