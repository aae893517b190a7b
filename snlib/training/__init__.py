"""One loop that trains every model, on any device, and goes on where it was interrupted."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "draws": ["draw_block", "spread_pixels"],
        "loop": ["train", "train_stack"],
        "steps": ["new_fabric"],
    },
)
