"""Whether a plan fits into the memory that is free here: asked before anything is allocated."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from striate.errors import ArgumentError
from striate.plan.plan import Plan

__all__ = ["available", "check_room", "fitting"]

SPARE = 2**26  # bytes left to everything else: images, Python, the compiler
_MEMINFO = Path("/proc/meminfo")
_GROUPS = (  # Linux' control groups, version 2 and 1: folder, the most, what is used now
    (Path("/sys/fs/cgroup"), "memory.max", "memory.current"),
    (Path("/sys/fs/cgroup/memory"), "memory.limit_in_bytes", "memory.usage_in_bytes"),
)
_FILES = ("active_file", "inactive_file", "total_active_file", "total_inactive_file")  # cached, given back when wanted


def available() -> int | None:
    """How many bytes a program may still allocate here, or None where the system does not tell.

    On Linux, what the kernel calls available, or less where a container allows less; elsewhere the machine's memory.

    >>> (available() or 1) > 0
    True
    """
    known = [_free_of_group(*group) for group in _GROUPS]
    try:
        for line in _MEMINFO.read_text(encoding="ascii").splitlines():
            if line.startswith("MemAvailable:"):
                known.append(int(line.split()[1]) * 1024)
    except (OSError, ValueError):
        known.append(_all_memory())
    told = [number for number in known if number is not None]
    return min(told) if told else None


def _free_of_group(folder: Path, most: str, used: str) -> int | None:
    """What a control group leaves; None where it sets no limit."""
    try:
        limit, now = (int((folder / name).read_text(encoding="ascii")) for name in (most, used))
        stat = dict(line.split() for line in (folder / "memory.stat").read_text(encoding="ascii").splitlines())
        cached = max(sum(int(stat.get(name, 0)) for name in _FILES[at : at + 2]) for at in (0, 2))
    except (OSError, ValueError):
        return None
    return max(0, limit - now + cached)


def _all_memory() -> int | None:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):
        return None


def fitting(planned: Callable[[int], Plan], batch: int, threads: int) -> Plan:
    """The plan for a batch; ArgumentError with the batch that fits where it needs more memory than is free."""
    plan, room = planned(batch), _room()
    if room is None or plan.bytes(threads) <= room:
        return plan
    fewer = _largest(batch, lambda images: planned(images).bytes(threads) <= room)
    if fewer:
        way = f"a batch of {fewer:,} fits"
    else:
        least = _size(planned(1).bytes(threads))
        way = f"even a batch of 1 needs {least}; a smaller network or smaller images need less"
    raise ArgumentError(f"a batch of {batch:,} needs {_needs(plan, threads, room)}: {way}")


def check_room(plan: Plan, threads: int) -> None:
    """Refuse a plan for looking inside that needs more memory than is free: ArgumentError with the amounts."""
    room = _room()
    if room is not None and plan.bytes(threads) > room:
        needs = _needs(plan, threads, room)
        raise ArgumentError(f"looking inside needs {needs}: a smaller network or smaller images need less")


def _room() -> int | None:
    free = available()
    return None if free is None else max(0, free - SPARE)


def _needs(plan: Plan, threads: int, room: int) -> str:
    learned = _size(3 * 4 * plan.row.size)
    wanted = f"{_size(plan.bytes(threads))} of memory, {learned} of it for parameters, gradients and momentum"
    return f"{wanted}, and {_size(room)} are free"


def _largest(most: int, fits: Callable[[int], bool]) -> int:
    """The largest number below ``most`` that fits, 0 if none does; smaller ones fit where larger ones do.

    >>> _largest(1000, lambda batch: batch <= 77), _largest(8, lambda batch: False)
    (77, 0)
    """
    low, high = 0, most
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if fits(middle) else (low, middle)
    return low


def _size(number: int) -> str:
    """Bytes for people.

    >>> _size(3 * 2**29), _size(5_000_000)
    ('1.5 GiB', '4.8 MiB')
    """
    return f"{number / 2**30:,.1f} GiB" if number >= 2**30 else f"{number / 2**20:,.1f} MiB"
