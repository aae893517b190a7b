"""Trained models as ONNX files, for programs without PyTorch."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "files": ["export_weights"],
        "graphs": ["to_onnx"],
        "parts": ["Part", "parts_of"],
        "ports": ["Port"],
    },
)
