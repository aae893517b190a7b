"""Processes that share work, one thread each.

The matrices here are small, and threads that share a core wait for each other at every product.  A library
of linear algebra decides on its threads when it is loaded, which in a new process comes after everything
that its parent could call there; the environment, which it reads at that moment, comes before.
"""

import os
import signal
import threading
from collections import deque
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import get_context

from threadpoolctl import threadpool_limits

__all__ = ["ONE_THREAD", "one_thread_each", "worker_pool"]

# What the libraries of linear algebra read from the environment.
ONE_THREAD = dict.fromkeys(
    (
        *("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"),
        *("BLIS_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"),
    ),
    "1",
)


@contextmanager
def one_thread_each():
    """Give one thread to each process that is started within this block, whatever it imports.

    This process keeps its own threads.
    """
    before = {name: os.environ.get(name) for name in ONE_THREAD}
    os.environ.update(ONE_THREAD)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@contextmanager
def worker_pool(n_workers, initializer=None):
    """Start processes of one thread each, which inherit nothing but the environment.

    Parameters
    ----------
    n_workers : int
    initializer : callable, optional
        Called without arguments in each process before its first task; from a module, so that it can be
        found there.

    Yields
    ------
    concurrent.futures.ProcessPoolExecutor
        All its processes end with the block.

    Raises
    ------
    OSError
        If one of the processes is killed.
    """
    with (
        one_thread_each(),
        _Pool(n_workers, get_context("spawn"), _begin, (initializer,)) as pool,
    ):
        _start(pool, n_workers)
        try:
            yield pool
        except BrokenProcessPool as error:
            raise OSError("a worker process was killed; for want of memory, perhaps") from error
        finally:
            pool.shutdown(cancel_futures=True)  # what is not begun when the block fails never is


class _Pool(ProcessPoolExecutor):
    """A pool that can be ended at any time.

    In the library's, an exception in the midst of `submit`, as handlers of signals raise it, leaves a lock
    locked; and when a worker was killed, another thread marks what is left as failed, and ends if `submit`
    adds to it meanwhile, or if the results of `map` cancel some of it.  After any of these the end of the
    pool waits for ever.
    """

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self._pending_work_items = _Pending()

    def submit(self, *arguments, **named):
        with _signals_held_back():
            future = super().submit(*arguments, **named)
        if self._broken and not future.done():  # it came too late to be marked as failed
            raise BrokenProcessPool(self._broken)
        return future

    def map(self, function, items, chunksize=1):
        """Yield the result of each item of a sequence, in order; so many items are a task."""
        chunks = (items[first : first + chunksize] for first in range(0, len(items), chunksize))
        futures = deque(self.submit(_each, function, chunk) for chunk in chunks)
        while futures:
            yield from futures.popleft().result()


class _Pending(dict):
    """Tasks that wait.  One thread may add to them while another goes through those that it found."""

    def items(self):
        return list(super().items())


def _each(function, items):
    return [function(item) for item in items]


@contextmanager
def _signals_held_back():
    """Let handlers of signals wait for the end of the block; they run in the main thread only."""
    came, handlers, here = [], {}, threading.current_thread() is threading.main_thread()
    try:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP) if here else ():
            if callable(handler := signal.getsignal(number)):
                handlers[number] = handler
                signal.signal(number, lambda number, _: came.append(number))
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
        for number in came:
            signal.raise_signal(number)


def _start(pool, n_workers):
    """Start all processes at once, deaf to Ctrl-C: it reaches them too, but their parent ends them."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})  # inherited
    for _ in range(n_workers):  # a process each, as long as none is idle
        pool.submit(int)
    signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _begin(initializer):
    import numpy  # noqa: F401 - loads a library of linear algebra, for the limit to find it

    threadpool_limits(1)  # for those that do not heed the environment
    if initializer is not None:
        initializer()
