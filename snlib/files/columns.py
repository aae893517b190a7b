"""Columns of tables: what is wanted, where it is however a table spells it, and what was read."""

from dataclasses import dataclass, field

from snlib.files.messages import listed

__all__ = ["Table", "Wanted"]


@dataclass(frozen=True)
class Table:
    """Columns that were read from a file, as they are there.

    Attributes
    ----------
    columns : dict of str to pyarrow.ChunkedArray
        By the names that were asked for; those that the file lacks are left out.
    units : dict of str to str
        Of the columns for which the file says one.
    """

    columns: dict
    units: dict

    def __len__(self):
        """Number of rows."""
        return len(next(iter(self.columns.values())))


@dataclass(frozen=True)
class Wanted:
    """Columns to be read from a table.

    Attributes
    ----------
    required : sequence of str
        Names of columns that it must have.
    optional : sequence of str
        Names of columns that are read where it has them.
    other_names : dict of str to tuple of str
        What else some of these may be called, in order of preference.
    """

    required: tuple[str, ...]
    optional: tuple[str, ...] = ()
    other_names: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def count(self, found):
        """How many of these columns are among those of a table.

        Parameters
        ----------
        found : sequence of str

        Returns
        -------
        int
        """
        return sum(bool(self._alike(name, _by_plain_name(found))) for name in self._names)

    def find(self, where, found):
        """Where these columns are among those of a table.

        A name counts whatever its case and whatever stands between its letters and digits: ``OBJECT_ID``
        and ``Object Id`` are ``object_id``.  Of several, the one that is spelled exactly is meant.

        Parameters
        ----------
        where : str or path-like
            The file, for messages.
        found : sequence of str
            The columns of the table.

        Returns
        -------
        dict of str to int
            Index of each wanted column that is there.

        Raises
        ------
        ValueError
            If required columns are missing, or two could be meant; the message names all that are missing
            and those that were found.
        """
        by_plain_name, places = _by_plain_name(found), {}
        for name in self._names:
            alike = self._alike(name, by_plain_name)
            exact = [index for index in alike if found[index].strip() == name]
            alike = exact if len(exact) == 1 else alike
            if len(alike) > 1:
                both = " and ".join(repr(found[index]) for index in alike[:2])
                raise ValueError(f"{where}: columns {both} could both be {name!r}")
            if alike:
                places[name] = alike[0]
        if lacking := [name for name in self.required if name not in places]:
            what = f"column {lacking[0]!r} is" if len(lacking) == 1 else f"columns {listed(lacking)} are"
            raise ValueError(f"{where}: {what} missing; found are {listed(found)}")
        return places

    @property
    def _names(self):
        return (*self.required, *self.optional)

    def _alike(self, name, by_plain_name):
        for spelling in (name, *self.other_names.get(name, ())):
            if alike := by_plain_name.get(_plain(spelling)):
                return alike
        return []


def _plain(name):
    return "".join(letter for letter in name.casefold() if letter.isalnum())


def _by_plain_name(found):
    places = {}
    for index, name in enumerate(found):
        places.setdefault(_plain(name), []).append(index)
    return places
