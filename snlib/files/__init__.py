"""Files of every kind: written whole or not at all, and read by one guarded reader a format."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "columns": ["Table", "Wanted"],
        "guard": ["Array", "guarded", "require_number"],
        "hdf5": ["read_hdf5"],
        "json_files": ["parse_json", "read_json", "write_json"],
        "npz": ["read_npz", "write_npz"],
        "places": ["DATA", "generated_folder"],
        "sqlite": ["read_sqlite"],
        "tables": ["read_table", "require_suffix"],
        "tensors": ["read_tensors", "write_tensors"],
        "writing": ["lock", "replacing", "require_space", "resumable"],
    },
)
