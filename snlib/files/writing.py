"""Writing files: whole or not at all, by one process at a time."""

import errno
import fcntl
import os
import shutil
import uuid
from contextlib import contextmanager, suppress
from glob import escape
from pathlib import Path

__all__ = ["lock", "replacing", "require_space", "resumable"]

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
    temporary = path.with_name(f".{uuid.uuid4().hex}{path.suffix}")
    with _named(path):
        os.close(_create(path, temporary, os.O_EXCL | os.O_WRONLY))
        try:
            yield temporary
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)


@contextmanager
def resumable(path, digest):
    """Yield an open file that becomes `path` if the block succeeds, is removed if it fails, and else stays.

    Only a process that is killed has no time to remove it.  The next call with the same digest gets it with
    what it holds; one with another digest removes it.

    Parameters
    ----------
    path : path-like
    digest : str
        Of all that decides what will be in the file, in letters and digits.

    Yields
    ------
    file object
        For reading and writing bytes, at its beginning.

    Raises
    ------
    BlockingIOError
        If another process is making the same file.
    OSError
        As `replacing`.
    """
    path = Path(path)
    partial = path.with_name(f".{path.name}.{digest}.partial")
    with _named(path), open(_create(path, partial, os.O_NOFOLLOW | os.O_RDWR), "r+b") as file:
        _require_alone(path, file, partial)
        for other in path.parent.glob(f".{escape(path.name)}.*.partial"):
            if other != partial:
                _remove_left_over(other)
        try:
            yield file
            file.close()
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)


@contextmanager
def _named(path):
    """Say which file it was that the disk had no room for."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise OSError(error.errno, "the disk is full", str(path)) from error
        raise


def _create(path, temporary, flags):
    """A new file for `path`, or an old one if the flags allow, as a descriptor."""
    if path.is_dir():
        raise IsADirectoryError(f"{path}: is a folder, expected the name of a file")
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        return os.open(temporary, os.O_CREAT | flags, 0o666)
    except OSError as error:
        reason = f"{os.strerror(error.errno)}, no file can be made here"
        raise OSError(error.errno, reason, str(path)) from error


def _require_alone(path, file, partial):
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        mine = os.path.samestat(os.fstat(file.fileno()), partial.stat())
    except (BlockingIOError, FileNotFoundError):  # or was, until a moment ago
        mine = False
    if not mine:
        raise BlockingIOError(f"{path}: another process is making it")


def _remove_left_over(partial):
    """Remove what a killed process left, unless one that lives is at it."""
    with suppress(OSError), open(partial, "rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        partial.unlink()


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
def lock(path, purpose, wait=False):
    """Hold a lock that no two processes can hold at once; it ends with the process, however that ends.

    Parameters
    ----------
    path : path-like
        The lock's own file, which stays.
    purpose : str
        What another process that holds it is doing, such as "training".
    wait : bool
        Whether to wait for another process that holds it.

    Yields
    ------
    file
        Open: a program that takes the place of this one, and inherits its descriptor, holds the lock.

    Raises
    ------
    BlockingIOError
        If another process holds it and is not waited for; the message says what it is doing, and names the
        file.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            raise BlockingIOError(f"another process is {purpose} here: {path} is locked") from None
        yield file
