"""Data for a command: loaded with a word on how far the download is."""

from __future__ import annotations

import sys
from pathlib import Path

from striate.data.dataset import Splits
from striate.data.load import load
from striate.volume import Volume

MIB = 1 << 20


def load_data(name: str, data_dir: Path | None, volume: Volume | None) -> Splits:
    """Return the data set of this name or path, with images of this volume where one is asked for."""
    telling = _Download(name)
    try:
        return load(name, data_dir=data_dir, volume=volume, progress=telling)
    finally:
        telling.end()


class _Download:
    """Tells on stderr how much of a download is here: a changing line on a terminal, tenths elsewhere."""

    def __init__(self, name: str) -> None:
        self.name, self.said, self.live = name, -1, sys.stderr.isatty()

    def __call__(self, done: int, total: int) -> None:
        part = (100 if self.live else 10) * done // max(total, 1)
        if part == self.said:
            return
        self.said = part
        start, end = ("\r", "") if self.live else ("", "\n")
        words = f"{start}downloading {self.name}: {done / MIB:.1f} of {total / MIB:.1f} MiB"
        print(words, end=end, file=sys.stderr, flush=True)

    def end(self) -> None:
        if self.live and self.said >= 0:
            print(file=sys.stderr)
