"""Write the light curve of SN 2006ax as SNooPy's text, with what must be known of it besides.

From the repository's root::

    pip download --no-deps --no-binary :all: snpy==2.7.4
    python data/make_supernova.py snpy-2.7.4.tar.gz

Writes supernova/ beside this file, whose README says what is in it.
"""

import argparse
import tarfile

import pandas as pd

from snlib.files import DATA
from snlib.observed import distance_modulus_at

NAME, BANDS = "SN2006ax", "uBVgriYJH"
RA_DEG, DEC_DEG, EBV_MW = 171.0144, -12.2914, 0.043
REDSHIFT_CMB = 0.0180  # of 0.01673 seen from the Sun, by the dipole; it gives the distance
JD_ZERO, JD_TO_MJD = 2453000.0, 2400000.5
IN_SDIST = "snpy/CSPtemp/templates"


def main():
    """Write the files."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sdist")
    folder = DATA / "supernova"
    folder.mkdir(exist_ok=True)
    with tarfile.open(parser.parse_args().sdist) as sdist:
        (root, *_), *_ = (name.split("/") for name in sdist.getnames())
        table = [line.split(" ; ") for line in read(sdist, f"{root}/{IN_SDIST}.dat")]
        _, _, redshift, _, days, *_ = next(row for row in table if row[0] == NAME)
        lines = [f"{NAME} {redshift} {RA_DEG} {DEC_DEG}"]
        for band in BANDS:
            lines += [f"filter {band}", *read(sdist, f"{root}/{IN_SDIST}/{NAME}_{band}.dat")]
    (folder / f"{NAME}.txt").write_text("\n".join(lines) + "\n")
    known = {
        "object_id": NAME,
        "redshift": redshift,
        "ebv_mw": EBV_MW,
        "distance_modulus": round(float(distance_modulus_at(REDSHIFT_CMB)), 3),
        "peak_mjd": round(float(days) + JD_ZERO - JD_TO_MJD, 2),
    }
    pd.DataFrame([known]).to_csv(folder / "objects.csv", index=False)


def read(sdist, name):
    """The lines of a file, without blanks around them."""
    return [line.strip() for line in sdist.extractfile(name).read().decode().splitlines() if line.strip()]


if __name__ == "__main__":
    main()
