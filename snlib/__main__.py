"""``python -m snlib``: runs a command, and ends in one line whatever happens."""

import os
import signal
import sys
import warnings
from contextlib import contextmanager

from snlib.cli import app

__all__ = ["main"]

_UNHANDLED = (signal.SIG_DFL, signal.default_int_handler)


class _Stopped(SystemExit):
    """A signal asked the program to end: files that are being written are removed on the way."""


def main():
    """Run a command.

    Bad input, or a package that is missing, ends with one line on stderr and exit code 2; a signal with one
    line and 128 plus its number, as from a shell; anything else that no command can help, such as too little
    memory, with one line and 1.
    """
    with warnings.catch_warnings(), _stopped_by_signals():
        warnings.showwarning = lambda message, *_: _say(message)
        try:
            app()
        except _Stopped as stopped:
            _say(f"stopped by {signal.Signals(stopped.code - 128).name}")
            raise
        except (ValueError, OSError, ModuleNotFoundError) as error:
            _say(error)
            sys.exit(2)
        except (ArithmeticError, MemoryError) as error:
            _say(str(error) or "out of memory")
            sys.exit(1)


def _say(message):
    """Print a line; of several processes that train together, one speaks."""
    if os.environ.get("LOCAL_RANK", "0") == "0":
        print(f"snlib: {' '.join(str(message).split())}", file=sys.stderr)


@contextmanager
def _stopped_by_signals():
    """Turn signals that ask to end into an exception; those that are ignored, as under nohup, stay so."""
    asked = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.getsignal(number) for number in asked}
    mine = [number for number in asked if before[number] in _UNHANDLED]

    def stop(number, frame):
        for each in mine:  # the next one must not interrupt the cleaning up
            signal.signal(each, signal.SIG_IGN)
        raise _Stopped(128 + number)

    for number in mine:
        signal.signal(number, stop)
    try:
        yield
    finally:
        for number in mine:
            signal.signal(number, before[number])


if __name__ == "__main__":
    main()
