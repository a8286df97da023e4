"""Make the pictures of README.md and of docs/look.md anew, from what the commands show: python docs/make_pictures.py

docs/plan.svg is the terminal after `striate plan`, docs/digits.png the picture that `striate train` saves.
docs/look_*.png are what `striate look` draws of two networks trained on CIFAR-10, which takes a few minutes: the tiny
VGG net of the notes, and one with large filters and volumes, in which more is to be seen. In a folder that is named on
the command line, models that are there already (vgg.striate, large.striate) are not trained again.
"""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image
from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

from striate import parse
from striate.commands.plan_table import tables
from striate.data.load import load
from striate.errors import DataError
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


MODELS = {
    "vgg.striate": ["INPUT[32x32x3] - [[CONV[10] - RELU]*2 - POOL]*3 - FC[10]", "cifar10", "--epochs", "10"],
    "large.striate": ["INPUT[32x32x3] - CONV[24, 7x7] - RELU - POOL - CONV[24, 5x5] - RELU - POOL - FC[10]", "cifar10",
                      "--epochs", "10", "--l2", "0.004"],
}  # fmt: skip
ALEXNET = (
    "INPUT[227x227x3] - CONV[96, 11x11, S=4, P=0] - RELU - POOL[3x3, S=2] - CONV[256, 5x5] - RELU - POOL[3x3, S=2]"
    " - [CONV[384] - RELU]*2 - CONV[256] - RELU - POOL[3x3, S=2] - [FC[4096] - RELU]*2 - FC[1000]"
)
HORSE = 13  # of the test images

LOOKS = {
    "look_light": ["vgg.striate", "horse.png"],
    "look_dark": ["vgg.striate", "horse.png", "--dark"],
    "look_filters": ["large.striate", "--filters"],
    "look_confusion": ["vgg.striate", "--confusion"],
    "look_mistakes": ["vgg.striate", "--mistakes"],
    "look_saliency": ["large.striate", "horse.png", "--saliency"],
    "look_where": ["large.striate", "horse.png", "--where"],
    "look_architecture": ["vgg.striate"],
    "look_alexnet": [ALEXNET],
}


def command(*words: str, folder: Path) -> None:
    """Run striate in the folder."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    whole = [sys.executable, "-m", "striate.cli", *words]
    subprocess.run(whole, cwd=folder, env=environment, check=True, stdout=subprocess.DEVNULL)


def curves_picture(path: Path) -> None:
    """Run `striate train` and keep its picture."""
    with tempfile.TemporaryDirectory() as folder:
        command("train", folder=Path(folder))
        path.write_bytes((Path(folder) / "digits.png").read_bytes())


def look_pictures(models: Path, docs: Path) -> None:
    """Train what is not there yet, and draw everything that `striate look` draws."""
    try:
        test = load("cifar10", download=False).test
    except DataError as error:
        print(f"CIFAR-10 is not here, so the pictures docs/look_*.png stay as they are: {error}")
        return
    assert test is not None
    for name, words in MODELS.items():
        if not (models / name).exists():
            command("train", *words, "--out", name, folder=models)
    Image.fromarray(test.images[HORSE]).save(models / "horse.png")
    for name, words in LOOKS.items():
        command("look", *words, "-o", str(docs / f"{name}.png"), folder=models)


if __name__ == "__main__":
    plan_picture(HERE / "plan.svg")
    curves_picture(HERE / "digits.png")
    if len(sys.argv) > 1:
        look_pictures(Path(sys.argv[1]), HERE)
    else:
        with tempfile.TemporaryDirectory() as place:
            look_pictures(Path(place), HERE)
