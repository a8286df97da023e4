"""Ctrl-C during training: asked for at any time, obeyed between two steps."""

from __future__ import annotations

import signal
from types import FrameType, TracebackType


class Interrupt:
    """Within `with`, the first Ctrl-C only sets `asked`; a second one interrupts at once, as usual."""

    def __init__(self) -> None:
        self.asked = False

    def __enter__(self) -> Interrupt:
        self._before = signal.signal(signal.SIGINT, self._note)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        signal.signal(signal.SIGINT, self._before)

    def _note(self, number: int, frame: FrameType | None) -> None:
        self.asked = True
        signal.signal(signal.SIGINT, self._before)
