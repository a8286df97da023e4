"""Ways out of an error of the notation, as whole new lines."""

from __future__ import annotations

from striate.errors import NotationError


def fixes(error: NotationError) -> list[tuple[str, str]]:
    """Return (label, line) pairs."""
    return []
