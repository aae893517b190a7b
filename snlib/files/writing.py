"""Writing files: whole or not at all, by one process at a time."""

import errno
import fcntl
import os
import shutil
import uuid
from contextlib import contextmanager
from pathlib import Path

__all__ = ["lock", "replacing", "require_space"]

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@contextmanager
def replacing(path):
    """Yield a new, empty file beside `path`; rename it to `path` if the block succeeds, else remove it.

    Its name keeps the suffix, since some writers choose the format by it.  It is created by this process
    alone, so that nobody can have planted a link there, and its mode follows the umask.

    Raises
    ------
    OSError
        If `path` is a folder or no file can be made beside it, before anything is done; or if the disk is
        full; the message names `path`.
    """
    path = Path(path)
    if path.is_dir():
        raise IsADirectoryError(f"{path}: is a folder, expected the name of a file")
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{uuid.uuid4().hex}{path.suffix}")
    try:
        os.close(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
    except OSError as error:
        raise OSError(
            error.errno, f"{os.strerror(error.errno)}, no file can be made here", str(path)
        ) from error
    try:
        yield temporary
        temporary.replace(path)
    except OSError as error:
        if error.errno in _FULL:
            raise OSError(error.errno, "the disk is full", str(path)) from error
        raise
    finally:
        temporary.unlink(missing_ok=True)


def require_space(path, n_bytes):
    """Refuse to begin a file that the disk cannot hold.

    Parameters
    ----------
    path : path-like
        Of the file; its folder need not exist.
    n_bytes : int
        How long it will be.

    Raises
    ------
    OSError
        If less is free; the message names the file and both numbers.
    """
    folder = Path(path).absolute().parent
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    if n_bytes > free:
        raise OSError(f"{path}: needs {n_bytes / 1e9:,.1f} GB, and {free / 1e9:,.1f} GB are free")


@contextmanager
def lock(path, purpose):
    """Hold a lock that no two processes can hold at once; it ends with the process, however that ends.

    Parameters
    ----------
    path : path-like
        The lock's own file, which stays.
    purpose : str
        What another process that holds it is doing, such as "training".

    Raises
    ------
    BlockingIOError
        If another process holds it; the message says what it is doing, and names the file.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BlockingIOError(f"another process is {purpose} here: {path} is locked") from None
        yield
