"""Options of the command line for surveys."""

from typing import Annotated

import typer

__all__ = ["MemoryOption", "SchedulerOption", "SkipBadOption", "WorkersOption"]

#: Of ``--workers``.
WorkersOption = Annotated[int, typer.Option(help="Processes that share a survey, one thread and model each.")]
#: Of ``--memory``.
MemoryOption = Annotated[
    str | None, typer.Option(help="That each worker may take, such as 2GB.", show_default="a fair share")
]
#: Of ``--scheduler``.
SchedulerOption = Annotated[
    str | None, typer.Option(help="Address of an existing Dask cluster, in place of workers of one's own.")
]
#: Of ``--skip-bad``.
SkipBadOption = Annotated[
    bool, typer.Option("--skip-bad", help="Leave out partitions of a survey that cannot be read or used.")
]
