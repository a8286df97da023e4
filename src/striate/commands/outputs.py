"""The files a command is going to write, looked at before the work begins."""

from __future__ import annotations

import os
from pathlib import Path

from striate.errors import ArgumentError


def check_output(option: str, path: Path) -> None:
    """Raise ArgumentError where no file can be written at `path`; `option` is what the user typed it for.

    >>> check_output("--out", Path("nowhere/my.striate"))
    Traceback (most recent call last):
        ...
    striate.errors.ArgumentError: --out nowhere/my.striate: there is no folder nowhere: make it first
    """
    folder = path.parent
    if path.is_dir():
        problem = "is a folder: name a file in it"
    elif path.exists() and not path.is_file():
        problem = "is no regular file: name another"
    elif not folder.exists():
        problem = f"there is no folder {folder}: make it first"
    elif not folder.is_dir():
        problem = f"{folder} is no folder: name another"
    elif not os.access(folder, os.W_OK | os.X_OK):
        problem = f"the folder {folder.resolve()} cannot be written: name another"
    else:
        return
    raise ArgumentError(f"{option} {path}: {problem}")


def check_outputs(out: Path, png: Path) -> None:
    """Raise ArgumentError unless model and picture can be written, to two different files."""
    check_output("--out", out)
    check_output("--png", png)
    if png.suffix.lower() != ".png":
        raise ArgumentError(f"--png {png}: the picture is a PNG file: let its name end in .png")
    if out.resolve() == png.resolve():
        raise ArgumentError(f"--out and --png are both {out}: give them different names")
