"""The code of cards, which a test executes."""

__all__ = ["INSTALLED", "how_to_use", "predicting", "surrogate_use"]

#: What every example needs.
INSTALLED = "In an environment in which the repository is installed (`make setup`):\n\n"

_EXAMPLE = '''Path("curves.csv").write_text("""object_id,phase_days,band,magnitude
mine,-5,g,-19.0
mine,-5,r,-18.9
mine,1,g,-19.2
mine,1,r,-19.2
mine,9,g,-18.8
mine,9,r,-18.9
mine,20,r,-18.3
""")
forecaster = {forecaster}.load(find_weights("{name}"))
request = Request(phase_days=np.array([0.0, 10.0]), n_samples=100)
(samples,) = predict_spectra(forecaster, read_light_curves("curves.csv"), request)
low, high = np.quantile(samples, [0.05, 0.95], axis=0)  # log10 F_nu, by phase and wavelength
'''

_PREDICT = """```python
from pathlib import Path

import numpy as np
from snlib.data import read_light_curves
from snlib.inference import Forecaster, Request, find_weights, predict_spectra

{predict}```

The same from the command line, for a table of your own:

```bash
snlib predict curves.csv --weights {name} --phases=-10,0,10 --out spectra.npz
```

Any of the files can be loaded as a PyTorch module:

```python
from snlib.inference import find_weights
from snlib.model import load_model

model = load_model(find_weights("{name}")).model
```
"""

_SURROGATE = """```python
import numpy as np
from snlib.simulation import Surrogate

surrogate = Surrogate.load()
model = {{
{values}
}}
theta = np.array([list(model.values())])
phase_days, wavelength_aa = np.array([0.0, 10.0]), np.linspace(3500.0, 7500.0, 401)
log10_fnu = surrogate.log10_fnu(theta, phase_days, wavelength_aa)  # at 10 pc, erg/s/cm^2/Hz
```

A dataset of light curves and spectra is simulated from it on the command line:

```bash
snlib simulate --events 10 --seed 0 --out set
```
"""


def predicting(forecaster, name):
    """Lines of Python that predict spectra for a table of light curves.

    Parameters
    ----------
    forecaster : str
        The name of a class of forecasters.
    name : str
        Of shipped weights.

    Returns
    -------
    str
    """
    return _EXAMPLE.replace("{forecaster}", forecaster).replace("{name}", name)


def how_to_use(name):
    """How to predict spectra with shipped weights of this name."""
    text = _PREDICT.replace("{predict}", predicting("Forecaster", name))
    return INSTALLED + text.replace("{name}", name)


def surrogate_use(model):
    """How to evaluate the surrogate.

    Parameters
    ----------
    model : dict of str to float
        The parameters of a model by name.
    """
    values = "\n".join(f'    "{name}": {value:.5g},' for name, value in model.items())
    return INSTALLED + _SURROGATE.format(values=values)
