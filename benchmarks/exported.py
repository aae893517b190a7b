"""How fast exported weights read light curves, on one core, beside PyTorch.

python benchmarks/exported.py [--weights NAME]

All begin with physical units and end with the posterior; the result is JSON.  Rows: PyTorch, one light curve
after the other, none with empty slots; padded: PyTorch, all at once; onnxruntime: likewise.
"""

import argparse
import json

import numpy as np
import onnxruntime
from measure import in_turn, machine, median_ms
from synthetic import light_curves

from snlib.data.ragged import RaggedLightCurves
from snlib.export import parts_of, to_onnx
from snlib.inference import embed, find_weights
from snlib.model import load_model
from snlib.training.steps import use_one_core

BATCHES, REPEATS = (1, 64, 1024), 5


def session_of(saved):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    content = to_onnx(parts_of(saved.model, saved.scaling)["photometry-encoder"]).SerializeToString()
    return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])


def works(saved, session, n):
    """Ways to read n light curves."""
    ragged = RaggedLightCurves.from_padded(np.arange(n), light_curves(n))
    padded = ragged.padded(np.arange(n))
    single = [ragged.padded([index]) for index in range(n)]

    def pytorch(curves):
        return embed(saved.model, saved.scaling, curves)

    def exported(curves):
        return session.run(None, {name: getattr(curves, name) for name in (*vars(curves), "observed")})

    np.testing.assert_allclose(exported(padded), pytorch(padded), rtol=0, atol=1e-3)
    return {
        "rows": lambda: [pytorch(curve) for curve in single],
        "padded": lambda: pytorch(padded),
        "onnxruntime": lambda: exported(padded),
    }


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--weights", default="large")
    use_one_core()
    saved = load_model(find_weights(parser.parse_args().weights))
    saved.model.eval()
    session, rows = session_of(saved), []
    for n in BATCHES:
        for way, times in in_turn(works(saved, session, n), REPEATS).items():
            timed = median_ms(times)
            rows.append({"batch": n, "way": way, "light curves/s": 1e3 * n / timed["ms"], **timed})
    print(json.dumps(machine() | {"onnxruntime": onnxruntime.__version__, "rows": rows}, indent=2))


if __name__ == "__main__":
    main()
