"""HATS catalogs: partitions of the sky, opened by LSDB, and results that LSDB opens again."""

import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pyarrow import parquet

from snlib.files.guard import guarded
from snlib.survey.pieces import Piece, rows_of

__all__ = ["HatsCatalog", "is_hats"]

_PROPERTIES = ("collection.properties", "hats.properties", "properties")
_FINEST_ORDER = 8  # of the map of results, unless the catalog has a finer one


def is_hats(path):
    """Whether a folder is a HATS catalog, or a collection of them."""
    return any((Path(path) / name).is_file() for name in _PROPERTIES)


@dataclass(frozen=True)
class HatsCatalog:
    """A HATS catalog of light curves.

    Attributes
    ----------
    info : hats.catalog.TableProperties
        What it says of itself.
    pixels : dict of str to hats.pixel_math.HealpixPixel
        Of the partitions, by the names of the pieces.
    pieces : list of Piece
        One for each partition.
    kept : tuple of str
        Its columns of coordinates, which results need too.
    """

    info: object
    pixels: dict
    pieces: list
    kept: tuple

    @classmethod
    def open(cls, path):
        """Open a catalog, or the objects of a collection.

        Parameters
        ----------
        path : path-like
            Of a folder.

        Returns
        -------
        HatsCatalog

        Raises
        ------
        ValueError
            If LSDB is not installed, or it is no such catalog; the message names it.
        """
        try:
            import lsdb
        except ImportError:
            raise ValueError(f"{path}: a HATS catalog needs LSDB: pip install 'snlib[survey]'") from None
        from hats.io.paths import pixel_catalog_file

        with guarded(path, "HATS catalog"), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of pandas, about what LSDB calls
            structure = lsdb.open_catalog(path).hc_structure
        info, base = structure.catalog_info, Path(str(structure.catalog_base_dir))
        pixels, pieces = {}, []
        for pixel in structure.get_healpix_pixels():
            name = str(Path(pixel_catalog_file(base, pixel)).relative_to(base))
            source = Path(pixel_catalog_file(base, pixel, npix_suffix=info.npix_suffix))
            files = sorted(source.glob("*.parquet")) if source.is_dir() else [source]
            pixels[name] = pixel
            sources = tuple((str(file), None) for file in files)
            pieces.append(Piece(name, sources, sum(map(rows_of, files))))
        kept = (info.ra_column, info.dec_column, info.healpix_column)
        return cls(info, pixels, pieces, tuple(name for name in kept if name is not None))

    def complete(self, results, names, catalog_name):
        """Write what makes a catalog of Parquet files, beside those of the results.

        It says nothing of when it was written, so that the same results are the same bytes.

        Parameters
        ----------
        results : snlib.survey.results.Results
        names : sequence of str
            Of the pieces that have results.
        catalog_name : str
        """
        import hats
        from hats.catalog import PartitionInfo
        from hats.catalog.dataset.hats_properties import KNOWN_PROVENANCE_FIELDS
        from hats.io import write_parquet_metadata

        folder = results.folder
        write_parquet_metadata(folder, create_per_partition_stats=True)
        partitions = PartitionInfo([self.pixels[name] for name in names])
        partitions.write_to_file(folder / "partition_info.csv")
        n_rows = [rows_of(results.path(name)) for name in names]
        n_bytes = sum(results.path(name).stat().st_size for name in names)
        properties = self.info.copy_and_update(
            **dict.fromkeys(KNOWN_PROVENANCE_FIELDS),
            catalog_name=catalog_name,
            total_rows=sum(n_rows),
            default_columns=None,
            npix_suffix=".parquet",
            skymap_order=self._write_map(results, names),
            skymap_alt_orders=None,
            hats_max_rows=max(n_rows),
            hats_max_bytes=None,
            hats_order=partitions.get_highest_order(),
            moc_sky_fraction=float(f"{partitions.calculate_fractional_coverage():.5g}"),
        )
        properties = properties.copy_and_update(
            hats_builder=f"snlib, hats v{hats.__version__}", hats_estsize=n_bytes // 1024
        )
        properties.to_properties_file(folder)

    def _write_map(self, results, names):
        """How many objects lie where; the order of this map."""
        from hats.io.skymap import write_skymap
        from hats.pixel_math import spatial_index_to_healpix

        if self.info.healpix_column is None:
            return None
        order = max(self.info.skymap_order or _FINEST_ORDER, *(self.pixels[name].order for name in names))
        counts = np.zeros(12 * 4**order, np.int64)
        for name in names:
            column = parquet.read_table(results.path(name), columns=[self.info.healpix_column])
            pixels = spatial_index_to_healpix(column.column(0).to_numpy(), target_order=order)
            counts += np.bincount(pixels, minlength=len(counts))
        write_skymap(counts, results.folder)
        return order
