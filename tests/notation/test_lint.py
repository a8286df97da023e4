"""The notes' advice as hints: each where it belongs, and none on what the notes praise."""

from __future__ import annotations

import pytest

from striate.errors import NotationError
from striate.notation.lint import hints

GOOD = [
    "tiny-vgg",
    "convnetjs-cifar10",
    "INPUT[32x32x3] - FC[10]",
    "INPUT[28x28x1] - CONV[6, 5x5] - RELU - POOL - FC[10]",
    "INPUT[32x32x3] - CONV[8] - RELU - CONV[8, 7x7, dilation=2] - RELU - POOL - FC[10]",
    "INPUT[96x96x3] - CONV[16, 7x7, S=2, P=3, fit=crop] - RELU - CONV[8, 1x1] - RELU - POOL[48x48, S=1] - FC[10]",
]

# A line, the layers that the hint is about, what stands at its place, and words of the reason.
HINTED = [
    ("INPUT[30x32x3] - [CONV[4] - RELU]*2 - POOL - POOL[fit=pad] - FC[3]", "input", "INPUT[30x32x3]",
     "30 can be halved once, and the strides halve it twice"),
    ("INPUT[31x31x3] - POOL[3x3, S=2] - FC[3]", "input", "INPUT[31x31x3]", "not at all, and the strides halve it once"),
    ("INPUT[32x32x3] - CONV[8] - RELU - CONV[8, 8x8, P=3] - RELU - FC[10]", "conv2", "CONV[8, 8x8, P=3]",
     "four CONVs of 3x3 in a row see 9x9 with a RELU behind each, and have fewer weights, 36C^2 and not 64C^2"),
    ("INPUT[64x64x4] - LOCAL[64, 1x1] - RELU - FC[100]", "fc1", "FC[100]", "26,214,400 of the 27,262,976 weights"),
    ("INPUT[32x32x3] - CONV[8] - RELU - CONV[8, 7x7] - RELU - POOL - FC[10]", "conv2", "CONV[8, 7x7]",
     "27C^2 and not 49C^2 for C slices, here 1,728 and not 3,136"),
    ("INPUT[32x32x3] - CONV[8] - RELU - CONV[8, 11x11] - RELU - FC[10]", "conv2", "CONV[8, 11x11]",
     "five CONVs of 3x3 in a row see 11x11"),
    ("INPUT[32x32x3] - CONV[8, P=0] - RELU - FC[10]", "conv1", "CONV[8, P=0]", "P=1 keeps width and height"),
    ("INPUT[32x32x3] - CONV[8, 4x4, P=1] - RELU - FC[10]", "conv1", "CONV[8, 4x4, P=1]", "an odd F, as F=5"),
    ("INPUT[32x32x3] - CONV[8] - RELU - CONV[8, 1x1, S=2, fit=crop] - RELU - FC[10]", "conv2",
     "CONV[8, 1x1, S=2, fit=crop]", "a stride of 1 works better"),
    ("INPUT[8x9x3] - CONV[4, dilation=8x9] - RELU - FC[10]", "conv1", "CONV[4, dilation=8x9]",
     "over 17 numbers of a side of 8, so no two of its weights meet the image at once: a dilation below 8 lets them"),
    ("INPUT[32x32x3] - POOL[4x4, S=4] - FC[10]", "pool1", "POOL[4x4, S=4]", "keeps 6 % of the numbers"),
    ("INPUT[32x32x3] - POOL[2x2, S=1] - FC[10]", "pool1", "POOL[2x2, S=1]", "is not common"),
    ("INPUT[33x33x3] - POOL[3x3, S=2, P=1] - FC[10]", "pool1", "POOL[3x3, S=2, P=1]", "not common to pad"),
    ("INPUT[32x32x3] - POOL[3x3, S=2, fit=pad] - FC[10]", "pool1", "POOL[3x3, S=2, fit=pad]", "without fit=pad"),
    ("INPUT[8x8x3] - CONV[4] - [CONV[4]]*2 - FC[10]", "conv2", "CONV[4]", "between conv1 and this"),
    ("INPUT[8x8x3] - FC[4] - DROPOUT - FC[10]", "fc2", "FC[10]", "between fc1 and this"),
    ("INPUT[8x8x3] - [FC[4] - RELU]*3 - FC[10]", "fc1", "FC[4]", "3 FCs come before the last"),
    ("INPUT[8x8x3] - FC[10] - RELU", "relu1", "RELU", "none is below zero"),
    ("INPUT[8x8x3] - CONV[10] - POOL", "pool1", "POOL", "a volume [4x4x10]"),
    ("vgg-16", "fc1", "FC[4096]", "102,760,448 of the 138,344,128 weights"),
    ("vgg-16", "input", "INPUT[224x224x3]", "13.0 million numbers"),
]  # fmt: skip


@pytest.mark.parametrize("text", GOOD)
def test_what_the_notes_praise_has_no_hints(text: str) -> None:
    assert [str(hint) for hint in hints(text) if "without fit=" not in hint.reason] == []


@pytest.mark.parametrize(("text", "name", "there", "words"), HINTED)
def test_each_hint(text: str, name: str, there: str, words: str) -> None:
    found = [hint for hint in hints(text) if words in hint.reason]
    assert [hint.names[0] for hint in found] == [name]
    assert found[0].text[found[0].position :][: found[0].length] == there


def test_repeated_layers_share_a_hint() -> None:
    found = hints("INPUT[32x32x3] - [CONV[8, P=1, 5x5] - RELU]*2 - FC[10]")
    assert len(found) == 2  # their sizes differ, so do the reasons
    found = hints("INPUT[32x32x3] - CONV[8] - RELU - [CONV[8, 7x7] - RELU]*3 - FC[10]")
    assert [hint.names for hint in found] == [("conv2", "conv3", "conv4")]


def test_patterns_have_hints_and_mistakes_are_errors() -> None:
    found = hints("INPUT - [CONV[P=0] - RELU]*N - FC N=1")
    assert found[0].text[found[0].position :][:9] == "CONV[P=0]"
    with pytest.raises(NotationError):
        hints("INPUT[8x8x1] - POOOL")
