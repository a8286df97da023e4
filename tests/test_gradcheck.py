"""The gradient check: it holds where gradients are right, and finds one that is wrong."""

from __future__ import annotations

import doctest

import numpy as np
import pytest
import typer

import striate.gradcheck
import striate.masks
from kept import kept as kept_again
from striate import ArgumentError, Program, parse
from striate.commands.gradcheck import run
from striate.gradcheck import TOLERANCE, Checks, gradcheck

LINE = "INPUT[6x5x2] - CONV[3] - RELU - DROPOUT[0.3] - POOL[2x2, S=2, fit=pad] - FC[5] - RELU - DROPOUT - FC[4]"


@pytest.mark.parametrize("loss", ["softmax", "svm"])
def test_right_gradients_hold(loss: str) -> None:
    checks = gradcheck(parse(LINE), loss)
    assert [check.name for check in checks] == list(parse(LINE).parameter_shapes())
    assert all(check.holds(TOLERANCE) for check in checks), checks


@pytest.mark.parametrize("line", ["INPUT[4x4x3] - FC[1]", "INPUT[5x5x1] - CONV[2] - RELU - POOL[5x5, S=1] - FC[3]"])
def test_gradients_of_nothing_hold(line: str) -> None:
    assert all(check.holds(TOLERANCE) for check in gradcheck(parse(line), images=1))


def test_a_pool_that_turns_over_within_the_step_is_no_fault() -> None:
    line = "INPUT[16x16x3] - CONV[8] - RELU - POOL - CONV[8] - POOL - FC[10]"
    assert all(check.holds(TOLERANCE) for check in gradcheck(parse(line), seed=17))


@pytest.mark.parametrize("name", ["conv1.weights", "fc2.biases"])
def test_a_wrong_gradient_is_found(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    right = Program.gradients

    def wrong(self: Program, *arguments: object) -> object:
        loss, found = right(self, *arguments)  # type: ignore[arg-type]
        return loss, {**found, name: found[name] * np.float32(1.01)}

    monkeypatch.setattr(Program, "gradients", wrong)
    failed = [check for check in gradcheck(parse(LINE)) if not check.holds(TOLERANCE)]
    assert [check.name for check in failed] == [name]
    assert min(failed[0].analytic, failed[0].numeric) > 0.005
    with pytest.raises(typer.Exit) as left:
        run(LINE, "raise", "softmax", 5, 0, TOLERANCE, False)
    said = capsys.readouterr().out
    assert left.value.exit_code == 1
    assert said.count("fails") == 1 and "1 tensor of 6 off by 0.0001 or more" in said


def test_the_command_says_that_all_is_well(capsys: pytest.CaptureFixture[str]) -> None:
    run(LINE, "raise", "svm", 3, 1, TOLERANCE, False)
    said = capsys.readouterr().out.splitlines()
    assert said[0] == str(parse(LINE))
    assert said[1].startswith("svm loss of 3 images, seed 1, compiled for ")
    assert said[-1] == "all 6 tensors within 0.0001"


def test_wrong_arguments() -> None:
    with pytest.raises(ArgumentError, match="no parameters"):
        gradcheck(parse("INPUT[8x8x1] - POOL"))
    with pytest.raises(ArgumentError, match=r"as striate.parse gives it, not str"):
        gradcheck(LINE)  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match="images is a whole number from 1, not 0"):
        gradcheck(parse(LINE), images=0)
    with pytest.raises(ArgumentError, match="loss"):
        gradcheck(parse(LINE), "hinge")


def test_what_dropout_keeps_is_read_alike() -> None:
    checks = Checks(parse(LINE), images=4, seed=2**40 + 3)
    for name, numbers in kept_again(parse(LINE), 4, 0, 2**40 + 3).items():
        assert np.array_equal(numbers, checks._kept[name])


def test_the_examples() -> None:
    for module in (striate.gradcheck, striate.masks):
        assert doctest.testmod(module).failed == 0
