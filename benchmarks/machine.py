"""What a figure was measured on."""

from __future__ import annotations

import datetime
import platform
from pathlib import Path

from striate import __version__
from striate.native.team import usable_processors


def processor() -> str:
    """The processor's name, as the system gives it."""
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def describe() -> str:
    """Machine, versions and day in a line."""
    from striate.native.host import choose_target

    day = datetime.date.today().isoformat()
    return (
        f"{day}, Striate {__version__}, {processor()}, {usable_processors()} threads, "
        f"{choose_target().name}, Python {platform.python_version()}"
    )
