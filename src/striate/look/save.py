"""Pictures as files: the name's ending decides between PNG, SVG and PDF; the same picture is the same bytes."""

from __future__ import annotations

import io
import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from striate.errors import ArgumentError
from striate.files import write_whole
from striate.look.letters import quiet

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Without a date, and without the version of what wrote it.
METADATA: dict[str, dict[str, Any]] = {
    "png": {"Software": None},
    "svg": {"Date": None, "Creator": "Striate"},
    "pdf": {"CreationDate": None, "Creator": "Striate", "Producer": None},
}

_SETTINGS = threading.Lock()


def picture_format(path: str | os.PathLike[str]) -> str:
    """png, svg or pdf, as the name ends; ArgumentError for another ending.

    >>> picture_format("look.SVG")
    'svg'
    >>> picture_format("look.jpg")
    Traceback (most recent call last):
        ...
    striate.errors.ArgumentError: look.jpg: pictures are written as .png, .svg or .pdf: let the name end in one of these
    """
    ending = Path(path).suffix.lower().removeprefix(".")
    if ending not in METADATA:
        endings = "pictures are written as .png, .svg or .pdf: let the name end in one of these"
        raise ArgumentError(f"{os.fspath(path)}: {endings}")
    return ending


def save(figure: Figure, path: str | os.PathLike[str]) -> None:
    """Write the figure, whole or not at all; the ending decides: .png, .svg or .pdf.

    No date is in it, and in SVG text is drawn as outlines: the file looks the same wherever it is opened.
    Raises ArgumentError for another ending; an OSError says why it cannot be written.

    >>> import tempfile
    >>> from striate.look.paper import Paper
    >>> file = Path(tempfile.mkdtemp()) / "empty.png"
    >>> save(Paper(20, 10).figure, file)
    >>> file.read_bytes()[1:4]
    b'PNG'
    """
    ending = picture_format(path)
    write_whole(path, lambda file: _write(figure, file, ending))


def picture_bytes(figure: Figure, ending: str = "png") -> bytes:
    """The figure as the bytes that ``save`` writes to a file of that ending.

    >>> from striate.look.paper import Paper
    >>> picture_bytes(Paper(20, 10).figure, "pdf")[:4]
    b'%PDF'
    """
    file = io.BytesIO()
    _write(figure, file, ending)
    return file.getvalue()


def _write(figure: Figure, file: BinaryIO, ending: str) -> None:
    import matplotlib

    # matplotlib takes these from its settings alone; they are set back at once.
    settings: dict[Any, Any] = {"svg.hashsalt": "striate", "svg.fonttype": "path", "savefig.bbox": None}
    with _SETTINGS, matplotlib.rc_context(settings), quiet():
        figure.savefig(file, format=ending, metadata=METADATA[ending], facecolor=figure.get_facecolor(), dpi="figure")
