"""Figures to a file."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from benchmarks.machine import describe


def write_json(chosen: argparse.Namespace, rows: list[Any]) -> None:
    """Machine, settings and rows to the file that --json names, if it does."""
    if chosen.json:
        whole = {"machine": describe(), "settings": vars(chosen), "rows": rows}
        Path(chosen.json).write_text(json.dumps(whole, indent=1, default=str) + "\n", encoding="utf-8")
