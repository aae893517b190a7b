"""Cross-modal embedding of Type Ia supernova light curves and spectra.

A replication of Shen & Gagliano (2025).  Data flow one way through the modules: ``grid`` ->
``surrogate_grid``/``sedona`` -> ``surfaces`` -> ``photometry``, ``survey`` and ``spectra`` ->
``simulate``/``published`` -> ``events`` -> ``dataset`` -> ``transceiver`` + ``objectives`` -> ``vae``,
``mmvae``, ``contrastive`` and ``regression`` (by name: ``models``) -> ``training`` -> ``trained`` ->
``posteriors`` and ``embedding`` -> ``evaluation`` -> ``plotting``.
"""

__version__ = "0.1.0"
