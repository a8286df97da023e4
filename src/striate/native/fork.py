"""What a fork must wait for: nobody is inside a program, so the child finds memory whole and locks open."""

from __future__ import annotations

import os
import threading
from typing import Any
from weakref import WeakSet

_LOCKS: WeakSet[Any] = WeakSet()  #: of programs, and of the compiler
_FORKS = threading.Lock()  #: one fork at a time takes them all
_taken: list[Any] = []


def open_at_fork(lock: Any) -> Any:
    """Have forks wait for this lock; returns it."""
    _LOCKS.add(lock)
    return lock


def _take() -> None:
    _FORKS.acquire()
    for lock in list(_LOCKS):
        lock.acquire()
        _taken.append(lock)


def _give_back() -> None:
    while _taken:
        _taken.pop().release()
    _FORKS.release()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_take, after_in_parent=_give_back, after_in_child=_give_back)
