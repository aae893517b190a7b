"""From the magnitudes of a supernova to its spectrum at peak, with numpy and onnxruntime alone.

python examples/spectrum_from_magnitudes.py FOLDER [WEIGHTS]

FOLDER is what ``snlib export --out FOLDER`` wrote, on any machine; this one needs neither snlib nor PyTorch.
Printed are the mean of the latent posterior, then a row a wavelength: Angstrom, mean and scale of log10 of
erg/s/cm2/Hz at 10 pc.
"""

import json
import sys
from pathlib import Path

import numpy as np
import onnxruntime

# Of a simulated supernova: rest-frame days from peak, band, absolute AB magnitude.
LIGHT_CURVE = [
    (-10.2, "g", -18.39),
    (-6.3, "z", -18.15),
    (-5.3, "y", -17.69),
    (0.7, "i", -18.36),
    (0.7, "r", -19.10),
    (2.7, "g", -19.46),
    (3.8, "z", -18.50),
    (4.7, "r", -19.10),
    (7.8, "u", -19.00),
    (11.7, "g", -19.43),
]
WAVELENGTH_AA = np.arange(3000.0, 8001.0, 250.0)


def main(folder, weights="predictive-mmvae-large-seed0"):
    """Read the light curve, and print what the models say."""
    encoder, decoder = (
        onnxruntime.InferenceSession(Path(folder, f"{weights}-{part}.onnx"))
        for part in ("photometry-encoder", "spectrum-decoder")
    )
    bands = json.loads(encoder.get_modelmeta().custom_metadata_map["bands"])
    phase_days, band, magnitude = zip(*LIGHT_CURVE, strict=True)
    light_curve = {  # a batch of one; shorter ones beside it would be filled up where observed is False
        "phase_days": np.array([phase_days]),
        "band": np.array([[bands.index(name) for name in band]]),
        "magnitude": np.array([magnitude]),
        "observed": np.ones((1, len(LIGHT_CURVE)), dtype=bool),
    }
    location, _ = encoder.run(None, light_curve)
    query = {"latent": location, "phase_days": np.array([0.0]), "wavelength_aa": WAVELENGTH_AA}
    mean, scale = decoder.run(None, query)
    np.savetxt(sys.stdout, location[0], fmt="%.6f")
    np.savetxt(sys.stdout, np.transpose([WAVELENGTH_AA, mean[0], scale[0]]), fmt="%.1f %.6f %.6f")


if __name__ == "__main__":
    main(*sys.argv[1:])
