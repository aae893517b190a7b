"""What tells sets of numbers from each other, on any machine."""

import hashlib

import numpy as np

__all__ = ["digest_of_arrays"]

# Processors differ in the last bits of an exponential; where a double was about to be rounded the other way,
# the number in single precision then differs by one unit.
_DECIMALS = {np.dtype(np.float64): 6, np.dtype(np.float32): 4}


def digest_of_arrays(arrays):
    """SHA-256 of arrays as far as machines agree on them.

    Numbers in double precision count to six decimals, in single precision to four; all else counts in full.

    Parameters
    ----------
    arrays : dict of str to ndarray

    Returns
    -------
    str
        64 hexadecimal digits.

    Examples
    --------
    >>> import numpy as np
    >>> first, last_bit, other = np.array([0.1]), np.array([0.1 + 1e-16]), np.array([0.10001])
    >>> digest_of_arrays({"mass": first}) == digest_of_arrays({"mass": last_bit})
    True
    >>> digest_of_arrays({"mass": first}) == digest_of_arrays({"mass": other})
    False
    """
    sha = hashlib.sha256()
    for name, array in arrays.items():
        sha.update(f"{name} {array.dtype} {array.shape}".encode())
        sha.update(np.ascontiguousarray(_as_any_machine_has_it(array)).tobytes())
    return sha.hexdigest()


def _as_any_machine_has_it(array):
    decimals = _DECIMALS.get(array.dtype)
    if decimals is None:
        return array
    units = np.rint(array.astype(np.float64) * 10.0**decimals) + 0.0  # no negative zero
    return np.where(np.isnan(units), np.nan, units)  # of all NaNs one
