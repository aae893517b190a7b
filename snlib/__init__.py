"""Cross-modal embedding of Type Ia supernova light curves and spectra.

A replication of Shen & Gagliano (2025).  Data flow one way through the modules: ``grid`` ->
``surrogate_grid``/``sedona`` -> ``surfaces`` -> ``photometry``, ``survey`` and ``spectra`` ->
``simulate``/``published`` -> ``events`` -> ``dataset`` -> ``transceiver`` -> ``mmvae`` + ``objectives``
-> ``training`` -> ``evaluation`` -> ``plotting``.
"""

__version__ = "0.1.0"
