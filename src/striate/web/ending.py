"""How the server is asked to end: the first Ctrl-C keeps the runs, the second gives them up."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable
from types import FrameType
from typing import Any

SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))
ONE = 0.5  # seconds in which two signals are one: some programs hand on what the terminal sent us already
GIVEN_UP = 130  # exit status
FINISHING = "finishing a step and keeping the runs; Ctrl-C again gives them up\n"
LOST = "striate: given up: what was not yet written is lost\n"


class Ending:
    """The wish to end; a context in which signals wish so, to be entered in the main thread.

    After it, Ctrl-C ends the process at once: everything is kept by then.

    >>> ending = Ending()
    >>> ending.wished
    False
    """

    def __init__(self) -> None:
        self.wished = False  #: whether the server is to end
        self.at_last: Callable[[], object] = lambda: None  #: done before the runs are given up
        self._since = 0.0
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Ending:
        for each in SIGNALS:
            # A program under nohup hears nothing of the end of its terminal.
            if signal.getsignal(each) is not signal.SIG_IGN:
                self._before[each] = signal.signal(each, self._hear)
        return self

    def __exit__(self, *problem: object) -> None:
        for each, before in self._before.items():
            signal.signal(each, signal.SIG_DFL if before is signal.default_int_handler else before)

    def _hear(self, number: int, frame: FrameType | None) -> None:
        now = time.monotonic()
        if not self.wished:
            self.wished, self._since = True, now
            _say(FINISHING)
        elif number == signal.SIGINT and now - self._since > ONE:
            _say(LOST)
            self.at_last()
            # Threads that are in the middle of a step would be waited for otherwise.
            os._exit(GIVEN_UP)


def _say(sentence: str) -> None:
    """Print on stderr; a signal may come while the stream itself is at work."""
    with contextlib.suppress(OSError):
        os.write(2, sentence.encode())
