"""The weights that come with the package, by name."""

from pathlib import Path

from snlib.files.places import DATA

__all__ = ["DEFAULT_WEIGHTS", "OBSERVED_WEIGHTS", "find_weights"]

_FOLDER = DATA / "weights"
#: The file of weights that `snlib predict` and `snlib embed` use unless they are told otherwise.
DEFAULT_WEIGHTS = _FOLDER / "large" / "predictive-mmvae-large-seed0.safetensors"
#: Those that `snlib predict` uses for light curves as they were observed.
OBSERVED_WEIGHTS = _FOLDER / "observed" / "joint-transceiver-joint-tuned-seed0.safetensors"


def find_weights(name):
    """The file of some weights.

    Parameters
    ----------
    name : str
        Of a shipped set: that of its file without the ending, or that of its folder if nothing else is in
        it; or the path of a file.

    Returns
    -------
    pathlib.Path

    Raises
    ------
    FileNotFoundError
        If there is no such file and no shipped set of this name; the message lists those there are.
    ValueError
        If the folder has several.
    """
    shipped = sorted(_FOLDER.glob("*/*.safetensors"))
    found = [path for path in shipped if name in (path.stem, path.parent.name)]
    if len(found) > 1:
        raise ValueError(f"{name}: has {', '.join(path.stem for path in found)}; name one of them")
    if found:
        return found[0]
    if not Path(name).is_file():
        known = ", ".join(dict.fromkeys(name for path in shipped for name in (path.parent.name, path.stem)))
        raise FileNotFoundError(f"{name}: no such file, nor shipped weights of this name; there are {known}")
    return Path(name)
