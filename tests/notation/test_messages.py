"""Every error message of the notation, as the user reads it: see golden/notation_errors.txt."""

from __future__ import annotations

import pytest

import golden_text
from striate.errors import NotationError
from striate.notation import parse

MISTAKES = [
    # the whole line
    "",
    " \n ",
    "INPUT[8x8x1]",
    "CONV[3] - FC[10]",
    "INPUT[8x8x1] - RELU - INPUT[8x8x1]",
    "[INPUT - CONV - RELU - POOL - FC]",
    "INPUT[8x8x1] - [RELU]*1000000 - FC[3]",
    "INPUT[8x8x1] - [[RELU]*50 - [RELU]*50]*100 - FC[3]",
    "INPUT[100000x100000x3] - FC[2]",
    "INPUT[1000x1000x3] - FC[1000]",
    "INPUT[8x8x1] - " + "[" * 40 + "RELU" + "]" * 40,
    # words
    "INPUT[8x8x1] - CONVV[10] - FC[2]",
    "INPUT[8x8x1] - RLEU",
    "INPUT[8x8x1] - MAXPOOL - FC[2]",
    "INPUT[8x8x1] - LINEAR[2]",
    "INPUT[8x8x1] - FC[2] - SOFTMAX",
    "INPUT[8x8x1] - BATCHNORM - FC[2]",
    "INPUT[8x8x1] - FLATTEN - FC[2]",
    "IMAGE[8x8x1] - FC[2]",
    # separators and brackets
    "INPUT[8x8x1] RELU",
    "INPUT[8x8x1], RELU",
    "INPUT[8x8x1] | RELU",
    "INPUT[8x8x1] - - RELU",
    "INPUT[8x8x1] -",
    "INPUT[8x8x1] - RELU -> ",
    "- INPUT[8x8x1]",
    "INPUT[8x8x1] - [RELU - FC[2]",
    "INPUT[8x8x1] - RELU] - FC[2]",
    "INPUT[8x8x1] - []*2 - FC[2]",
    "INPUT[8x8x1] - (RELU)*2 - FC[2]",
    "INPUT[8x8x1] - POOL? - FC[2]",
    "INPUT[8x8x1] - [RELU]* - FC[2]",
    "INPUT[8x8x1] - [RELU]*0 - FC[2]",
    "INPUT[8x8x1] - [RELU]*1.5 - FC[2]",
    "INPUT[8x8x1] - *3 - FC[2]",
    "INPUT[8x8x1]\nCONV\n[10]\nFC[2]",
    "INPUT[8x8x1] - 10",
    "INPUT[8x8x1] - RELU 5 - FC[2]",
    "INPUT[8x8x1] - [RELU]*99999999999999999 - FC[2]",
    # settings
    "INPUT[8x8] - FC[2]",
    "INPUT[784] - FC[2]",
    "INPUT[1x2x3x4] - FC[2]",
    "INPUT[8x8x0] - FC[2]",
    "INPUT[W=8, H=8] - FC[2]",
    "INPUT[8x8x1] - CONV - RELU",
    "INPUT[8x8x1] - CONV[5x5]",
    "INPUT[8x8x1] - CONV[10, 5]",
    "INPUT[8x8x1] - CONV[10, 5x3]",
    "INPUT[8x8x1] - CONV[10, 5x5x1]",
    "INPUT[8x8x1] - CONV[10 5x5]",
    "INPUT[8x8x1] - CONV[10, 4x4]",
    "INPUT[8x8x1] - CONV[10, stride=2]",
    "INPUT[8x8x1] - CONV[10, S2]",
    "INPUT[8x8x1] - CONV[10, S=]",
    "INPUT[8x8x1] - CONV[10, S=0]",
    "INPUT[8x8x1] - CONV[10, S=2.5]",
    "INPUT[8x8x1] - CONV[10, P=-1]",
    "INPUT[8x8x1] - CONV[-10]",
    "INPUT[8x8x1] - CONV[10, P=3]",
    "INPUT[8x8x1] - CONV[10, S=2, S=2]",
    "INPUT[8x8x1] - CONV5-16[3x3]",
    "INPUT[8x8x1] - CONV[K=2x2]",
    "INPUT[8x8x1] - CONV[10,] - FC[2]",
    "INPUT[8x8x1] - CONV[10 - RELU - FC[2]",
    "INPUT[8x8x1] - CONV[10, RELU]",
    "INPUT[8x8x1] - CONV[10",
    "INPUT[8x8x1] - CONV[10, fit=squeeze]",
    "INPUT[8x8x1] - CONV[10, fit=pad, fit=pad]",
    "INPUT[8x8x1] - CONV[10, fti=pad]",
    "INPUT[8x8x1] - CONV[9999999]",
    "INPUT[8x8x1] - CONV[" + "9" * 5000 + "]",
    "INPUT[8x8x1] - POOL[2, 2]",
    "INPUT[8x8x1] - POOL[K=3]",
    "INPUT[8x8x1] - POOL[2x2, P=2]",
    "INPUT[8x8x1] - RELU[3]",
    "INPUT[8x8x1] - RELU[S=3]",
    "INPUT[8x8x1] - FC",
    "INPUT[8x8x1] - FC[0]",
    "INPUT[8x8x1] - FC[1x1x10]",
    "INPUT[8x8x1] - FC[10, 20]",
    "INPUT[8x8x1] - FC[10, fit=pad]",
    # sizes
    "INPUT[10x10x3] - CONV[4, 3x3, S=2, P=0] - FC[2]",
    "INPUT[224x224x3] - CONV[K=96, F=11, S=4, P=0]",
    "INPUT[9x7x1] - POOL - FC[2]",
    "INPUT[8x7x1] - POOL - FC[2]",
    "INPUT[3x3x1] - CONV[2, 5x5, P=0] - FC[2]",
    "INPUT[32x32x3] - [[CONV[10] - RELU]*2 - POOL]*6 - FC[10]",
    "INPUT[32x32x3]\n[\n  [CONV[10, 3x3, P=0] - RELU]*2\n  POOL\n]*3\nFC[10]",
    "INPUT[32x32x3] - " + "CONV[10] - RELU - " * 12 + "POOL[5x5, S=2] - " + "FC[10] - RELU - " * 12 + "FC[10]",
    "INPUT[32x32x3]\n\t→ CONV[10, F=4]",
    # BN
    "INPUT[8x8x1] - BN[0.1] - FC[2]",
    "INPUT[8x8x1] - BN2 - FC[2]",
    "INPUT[8x8x1] - BN[3x3] - FC[2]",
    "INPUT[8x8x1] - BN[eps=0] - FC[2]",
    "INPUT[8x8x1] - BN[eps=2] - FC[2]",
    "INPUT[8x8x1] - BN[eps=-0.001] - FC[2]",
    "INPUT[8x8x1] - BN[momentum=1.5] - FC[2]",
    "INPUT[8x8x1] - BN[epsilon=0.1] - FC[2]",
    "INPUT[8x8x1] - BN[mode=train] - FC[2]",
    "INPUT[8x8x1] - BATCHNORM - FC[2]",
    "INPUT[8x8x1] - CONV[1e-3] - FC[2]",
    # DROPOUT
    "INPUT[8x8x1] - DROPOUT[1] - FC[2]",
    "INPUT[8x8x1] - DROPOUT[50] - FC[2]",
    "INPUT[8x8x1] - DROPOUT[-0.5] - FC[2]",
    "INPUT[8x8x1] - DROPOUT[p=-0.5] - FC[2]",
    "INPUT[8x8x1] - DROPOUT[p=] - FC[2]",
    "INPUT[8x8x1] - DROPOUT[p] - FC[2]",
    "INPUT[8x8x1] - DROPOUT[50%] - FC[2]",
    "INPUT[8x8x1] - DROPOUT[0.5x0.5] - FC[2]",
    "INPUT[8x8x1] - DROPOUT[0.5, 0.3] - FC[2]",
    "INPUT[8x8x1] - DROPOUT[rate=0.5] - FC[2]",
    "INPUT[8x8x1] - DROPOUT[0.5, fit=pad] - FC[2]",
    "INPUT[8x8x1] - DROP[0.5] - FC[2]",
    "INPUT[8x8x1] - FC[.5]",
]


def message(text: str) -> str:
    with pytest.raises(NotationError) as caught:
        parse(text)
    return str(caught.value)


def test_the_messages_read_well() -> None:
    golden_text.check("notation_errors.txt", "\n\n".join(message(text) for text in MISTAKES))


@pytest.mark.parametrize("text", MISTAKES)
def test_every_message_points_and_explains(text: str) -> None:
    lines = message(text).split("\n")
    assert len(lines[-1]) < 420
    if text.strip():
        heading, line, carets, reason = lines
        assert heading.startswith(("at column", "line "))
        assert "^" in carets and set(carets) <= set("^ \t") and len(carets) <= len(line) + 1
        assert ":" in reason or ";" in reason or "at most" in reason or "from " in reason  # a rule and a way out
