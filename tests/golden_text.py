"""Golden files: text that a person can read, compared whole."""

from __future__ import annotations

import os
from pathlib import Path

FOLDER = Path(__file__).parent / "golden"


def check(name: str, text: str) -> None:
    """Compare ``text`` with tests/golden/``name``; STRIATE_GOLDEN=write in the environment keeps it there."""
    path = FOLDER / name
    if os.environ.get("STRIATE_GOLDEN") == "write":
        path.write_text(text + "\n", encoding="utf-8", newline="\n")
    assert path.read_text(encoding="utf-8") == text + "\n", f"if {path} should change: STRIATE_GOLDEN=write pytest"
