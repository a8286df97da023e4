"""What most pictures begin with: a title and lines of explanation."""

from __future__ import annotations

from striate.look.paper import Paper, shortened, wrapped

EDGE = 28  # CSS pixels around everything
TITLE, NOTE = 14, 10  # sizes of letters


def head_height(note: str, width: float, most: int = 3) -> float:
    """Where what follows begins, on a sheet of this width."""
    return EDGE + 22 + len(wrapped(note, NOTE, width - 2 * EDGE, most)) * NOTE * 1.4 + 8


def head(paper: Paper, title: str, note: str, most: int = 3, right: float = 0.0) -> None:
    """Write the title, in bold, and the note beneath, in at most so many lines, leaving room at right."""
    room = paper.width - 2 * EDGE - right
    paper.text(EDGE, EDGE + 6, shortened(title, TITLE, room, True), TITLE, bold=True, name="title")
    paper.lines(EDGE, EDGE + 25, wrapped(note, NOTE, room, most), NOTE, paper.colours["pale"], 1.4)
