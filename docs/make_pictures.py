"""Make the pictures of README.md anew, from what the commands show: python docs/make_pictures.py

docs/plan.svg is the terminal after `striate plan`, docs/digits.png the picture that `striate train` saves.
"""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

from striate import parse
from striate.commands.plan_table import tables
from striate.notation.table import summary

HERE = Path(__file__).resolve().parent
LINE = "INPUT[32x32x3] - CONV[12, 5x5] - RELU - POOL - FC[10]"
WIDTH = 80

# Rich's own page loads a font from the web; a picture in a repository must not.
PAGE = """<svg class="rich-terminal" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id}-matrix {{ font-family: ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace;
  font-size: {char_height}px; line-height: {line_height}px; font-variant-east-asian: full-width; }}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}"/>
</clipPath>
{lines}
</defs>
<rect width="{width}" height="{height}" rx="8" fill="#10151c"/>
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""

THEME = TerminalTheme(
    (16, 21, 28),
    (214, 221, 230),
    [(16, 21, 28), (224, 108, 117), (126, 201, 128), (226, 183, 102),
     (97, 160, 236), (190, 132, 220), (86, 190, 205), (214, 221, 230)],
)  # fmt: skip


def plan_picture(path: Path) -> None:
    """Save what `striate plan LINE` shows on a terminal of 80 columns."""
    console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    console.print(Text(f'$ striate plan "{LINE}"', "dim"))
    for piece in tables(summary(parse(LINE)), WIDTH):
        console.print(piece)
    picture = console.export_svg(title="", theme=THEME, code_format=PAGE, unique_id="plan")
    path.write_text("\n".join(line.rstrip() for line in picture.splitlines()) + "\n", encoding="utf-8")


def curves_picture(path: Path) -> None:
    """Run `striate train` and keep its picture."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        command = [sys.executable, "-m", "striate.cli", "train"]
        subprocess.run(command, cwd=folder, env=environment, check=True, stdout=subprocess.DEVNULL)
        path.write_bytes((Path(folder) / "digits.png").read_bytes())


if __name__ == "__main__":
    plan_picture(HERE / "plan.svg")
    curves_picture(HERE / "digits.png")
