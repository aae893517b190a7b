"""Which filter is meant by the names of SNooPy, of SNANA and of the Open Supernova Catalog.

What is found is a name for `snlib.observed.passbands.find_passband`; what is not known keeps its own, with
what is said of it in brackets, which is the name of no filter.
"""

import re

from snlib.observed.passbands import find_passband

__all__ = ["open_catalog_filter", "snana_filter", "snoopy_filter"]

_SNOOPY = {
    **{band: f"csp-{band}" for band in ("u", "g", "r", "i", "B", "V", "V0", "V1")},
    **{f"{band}s": f"landolt-{band}" for band in "UBVRI"},
    **{f"{band}{end}": f"sdss2010-{band}" for band in "ugriz" for end in ("_s", "_40", "13")},
    **{f"{band}k{end}": f"keplercam-{band}" for band in "BVri" for end in ("", "1")},
    **{f"{band}4sh": f"4shooter-{band}" for band in "UBVRI"},
    **{f"ps1_{band}": f"panstarrs-{band}" for band in "grizy"},
    **{f"{band}DEC": f"decam2014-{band}" for band in "grizY"},
    **{f"ztf_{band}{end}": f"ztf-{band}" for band in "gr" for end in ("", "0")},
}
_SNANA = re.compile(r"(?:(\w+)-)?(\w+?)(?:/\w)?")
# By the first part of a filter's name, or, for a name of one letter, by the survey.
_SNANA_SYSTEMS = {
    "CSP": "csp",
    "BESSELL": "landolt",
    "CFA3K": "keplercam",
    "CFA41": "keplercam",
    "CFA3S": "4shooter",
    "SDSS": "sdss2010",
    "DES": "decam2014",
    "LSST": "lsst2016",
    "ZTF": "ztf",
    **dict.fromkeys(("PS1", "PS1MD", "FOUNDATION", "YSE"), "panstarrs"),
}
_SNANA_CSP_V = {"n": "V", "o": "V0", "m": "V1"}
# Words of the catalog that tell a system, in the order in which they are looked for; of the first nothing is
# known here.
_CATALOG_SYSTEMS = {
    **dict.fromkeys(("swift", "uvot", "hst", "wfc3", "gaia", "atlas", "kepler"), None),
    **dict.fromkeys(("csp",), "csp"),
    **dict.fromkeys(("ps1", "pan-starrs", "panstarrs"), "panstarrs"),
    **dict.fromkeys(("decam", "des"), "decam2014"),
    **dict.fromkeys(("ztf",), "ztf"),
    **dict.fromkeys(("sdss", "sloan"), "sdss2010"),
    **dict.fromkeys(("landolt", "johnson", "cousins", "bessell", "bessel", "kron"), "landolt"),
}
_ABOUT = ("system", "bandset", "survey", "instrument", "telescope", "observatory")
_CORRECTED = ("kcorrected", "scorrected", "mcorrected", "deredshifted", "dereddened")


def _known(name, otherwise):
    return name if name and find_passband(name) else otherwise


def snoopy_filter(name):
    """The filter that SNooPy calls so; magnitudes are in its own system.

    Parameters
    ----------
    name : str

    Returns
    -------
    str
    """
    return _SNOOPY.get(name, f"{name} (SNooPy)")


def snana_filter(name, survey):
    """The filter of a name such as "CSP-B/u" or "PS1-g", or of a letter of a survey.

    Parameters
    ----------
    name, survey : str
        As a file of SNANA says.

    Returns
    -------
    str
    """
    unknown = f"{name} (SNANA)"
    if not (match := _SNANA.fullmatch(name)):
        return unknown
    system = _SNANA_SYSTEMS.get((match[1] or survey).upper())
    band = _SNANA_CSP_V.get(match[2], match[2]) if system == "csp" else match[2]
    return _known(f"{system}-{band}", unknown)


def open_catalog_filter(entry):
    """The filter of a point in the Open Supernova Catalog.

    Where no system is told, U, B, V, R and I are taken for those of Landolt's standard stars, and u, g, r, i
    and z for those of SDSS.

    Parameters
    ----------
    entry : dict
        Of the catalog's photometry.

    Returns
    -------
    name : str
    assumed : bool
        Whether no system is told.
    """
    band, about = str(entry.get("band", "")), " ".join(str(entry[key]) for key in _ABOUT if entry.get(key))
    corrected = [word for word in _CORRECTED if entry.get(word)]
    unknown = f"{band} ({', '.join(corrected) or about or 'no system'})"
    words = set(re.split(r"[^a-z0-9-]+", about.casefold()))
    told = next((word for word in _CATALOG_SYSTEMS if any(one.startswith(word) for one in words)), None)
    band = band.removesuffix("'")
    if corrected or told:
        return _known(None if corrected else f"{_CATALOG_SYSTEMS[told]}-{band}", unknown), False
    if "ab" not in words:
        system = "landolt" if band in tuple("UBVRI") else "sdss2010"
    else:
        system = "bessell" if band in tuple("UBVRI") else "sdss2010"
    if "vega" in words and system == "sdss2010":
        return unknown, False
    name = _known(f"{system}-{band}", unknown)
    return name, name != unknown and not words & {"ab", "vega"}
