"""docs/notes.md and docs/learning.md run as they stand, and their commands are commands."""

from __future__ import annotations

import doctest
import re
import shlex
from pathlib import Path

import striate
from striate.layers.loss import LOSSES
from striate.optimizers import OPTIMIZERS
from striate.train.schedule import SCHEDULES

NOTES = Path(__file__).resolve().parent.parent / "docs" / "notes.md"
TEXT = NOTES.read_text(encoding="utf-8")


def test_every_block_runs() -> None:
    found = doctest.testfile(str(NOTES), module_relative=False, encoding="utf-8")
    assert found.failed == 0
    assert found.attempted > 60


def test_every_block_on_learning_runs() -> None:
    found = doctest.testfile(str(NOTES.with_name("learning.md")), module_relative=False, encoding="utf-8")
    assert found.failed == 0
    assert found.attempted > 25


def test_all_that_learns_is_described() -> None:
    """Every optimizer, loss and schedule has its section."""
    titles = {title.lower() for title in re.findall(r"^## (.*)$", NOTES.with_name("learning.md").read_text(), re.M)}
    assert {*OPTIMIZERS, *LOSSES, *SCHEDULES} <= titles


def test_the_commands_are_commands() -> None:
    lines = [shlex.split(line) for line in re.findall(r"^\$ striate (.*)$", TEXT, re.M)]
    assert {words[0] for words in lines} == {"convert"}
    assert striate.parse(lines[0][1]).classes == 1000
    assert "scores [6x6x1000]: of 36 windows of 224x224, 32 pixels apart" in TEXT


def test_links_lead_somewhere() -> None:
    for name, anchor in re.findall(r"\]\((\w+\.md)#([\w-]+)\)", TEXT):
        titles = re.findall(r"^#+ (.*)$", (NOTES.parent / name).read_text(encoding="utf-8"), re.M)
        assert anchor in {title.lower().replace(" ", "-") for title in titles}
