"""What an emitter must not say, and how each reading refuses it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from python_reading import make_plan

from striate.emit.builder import Builder, Kernel, ProgramBuilder
from striate.emit.counts import CountsBuilder
from striate.emit.index import Index
from striate.emit.llvm import LlvmBuilder, LlvmModule
from striate.emit.llvm_program import LlvmProgramBuilder
from striate.emit.python import PythonBuilder
from striate.emit.tensor import Tensor
from striate.emit.text import TextBuilder
from striate.plan.shape import Axis, Shape


def python() -> PythonBuilder:
    made = make_plan("INPUT[3x2x2] - FC[2]")
    return PythonBuilder(made, np.zeros(made.bytes(1), np.uint8), np.zeros((5, 12), np.float32), np.zeros((8, 2)))


def llvm() -> LlvmProgramBuilder:
    return LlvmProgramBuilder(LlvmModule(4, True), make_plan("INPUT[3x2x2] - FC[2]"))


READINGS: dict[str, Callable[[], ProgramBuilder]] = {
    "llvm": llvm,
    "python": python,
    "text": lambda: TextBuilder(4),
    "counts": lambda: CountsBuilder(4, {"images": 5, "groups": 2}),
}


def each(*but: str) -> list[str]:
    return [name for name in READINGS if name not in but]


def tensor(b: Builder, shape: Shape, name: str = "t") -> Tensor:
    return Tensor(b, name, shape, np.zeros(shape.bytes(4), np.uint8) if isinstance(b, PythonBuilder) else "%t")


@pytest.mark.parametrize("reading", READINGS)
def test_an_if_on_a_loop_variable(reading: str) -> None:
    b = READINGS[reading]()
    with pytest.raises(TypeError, match="no truth value"):
        for i in b.range(3, "i"):
            if i:
                pass


@pytest.mark.parametrize("reading", READINGS)
def test_a_comparison_of_loop_variables(reading: str) -> None:
    with pytest.raises(TypeError, match="not supported"):
        for i in READINGS[reading]().range(3, "i"):
            _ = i < 2  # type: ignore[operator]


def test_a_loop_variable_has_no_number_where_it_is_symbolic() -> None:
    for i in TextBuilder(4).range(3, "i"):
        with pytest.raises(TypeError, match=r"the index 2\*i\+1 is known only when the loop runs"):
            int(i * 2 + 1)


def test_an_if_on_a_value() -> None:
    b = llvm()
    with pytest.raises(TypeError, match="use where"):
        bool(b.zero())


@pytest.mark.parametrize("stop", [0, -1])
def test_a_loop_with_no_turn(stop: int) -> None:
    with pytest.raises(ValueError, match=rf"the loop over y would run from 0 to {stop}: no turn at all"):
        list(llvm().range(stop, "y"))
    with pytest.raises(ValueError, match="no turn at all"):
        list(llvm().range(2, "y", start=2))


def test_a_loop_that_is_left_by_break_does_not_assemble() -> None:
    pytest.importorskip("llvmlite")
    from striate.native.assemble import assemble
    from striate.plan.target import TARGETS

    b = LlvmBuilder(LlvmModule(4, True))
    for _ in b.range(3, "i"):
        break
    with pytest.raises(RuntimeError):
        assemble(b.function("void @left()", "void"), TARGETS["sse2"])


@pytest.mark.parametrize("reading", READINGS)
def test_a_kernel_given_the_wrong_tensors(reading: str) -> None:
    b = READINGS[reading]()
    kernel = Kernel("twice", (("x", Shape.of(3)), ("y", Shape.of(3))), lambda b, x, y: None)
    right = tensor(b, Shape.of(3))
    with pytest.raises(TypeError, match="twice takes 2 tensors, not 1"):
        b.call(kernel, right)
    with pytest.raises(TypeError, match=r"twice: y is lanes\[3\], but wide is lanes\[4\]"):
        b.call(kernel, right, tensor(b, Shape.of(4), "wide"))
    with pytest.raises(TypeError, match=r"but haloed is lanes\[1\+3\+0\]"):
        b.call(kernel, right, tensor(b, Shape((Axis(3, 1),)), "haloed"))
    with pytest.raises(TypeError, match=r"but single is f32\[3\]"):
        b.call(kernel, right, tensor(b, Shape.of(3, element="f32"), "single"))
    b.call(kernel, right, right)


def test_two_kernels_of_one_name() -> None:
    b = llvm()
    for size in (3, 4):
        kernel = Kernel("same", (("x", Shape.of(size)),), lambda b, x: None)
        if size == 3:
            b.call(kernel, tensor(b, Shape.of(3)))
            b.call(kernel, tensor(b, Shape.of(3)))
            assert len(b.module.functions) == 1
        else:
            with pytest.raises(ValueError, match="two kernels are named same"):
                b.call(kernel, tensor(b, Shape.of(4)))


@pytest.mark.parametrize("reading", READINGS)
def test_an_index_of_the_wrong_rank(reading: str) -> None:
    t = tensor(READINGS[reading](), Shape.of(3, 4))
    with pytest.raises(ValueError, match="t has 2 axes, not 1"):
        _ = t[1]
    with pytest.raises(ValueError, match="t has 2 axes, not 3"):
        t[1, 2, 3] = None


@pytest.mark.parametrize("reading", READINGS)
def test_a_halo_in_one_long_axis(reading: str) -> None:
    with pytest.raises(ValueError, match="t has a halo and cannot be read as one axis"):
        _ = tensor(READINGS[reading](), Shape((Axis(2), Axis(3, 0, 1)))).flat


@pytest.mark.parametrize("reading", ["llvm", "python"])
def test_a_vector_where_a_number_belongs(reading: str) -> None:
    b = READINGS[reading]()
    with pytest.raises(TypeError, match="t holds"):
        tensor(b, Shape.of(4, element="f32"))[0] = b.zero()
    with pytest.raises(TypeError, match="t holds"):
        tensor(b, Shape.of(4))[0] = b.scalar(1.0)


def test_a_sum_of_a_vector_and_a_number() -> None:
    b = llvm()
    with pytest.raises(TypeError, match="fadd of <4 x float> and float"):
        _ = b.zero() + b.scalar(1.0)


@pytest.mark.parametrize(("index", "size"), [((4,), 4), ((-1,), 4), ((0, 2), 4)])
def test_accesses_out_of_bounds(index: tuple[int, ...], size: int) -> None:
    t = tensor(python(), Shape.of(*([size] * (len(index) - 1)), 2 if len(index) > 1 else size))
    with pytest.raises(IndexError, match=r"^t\[.*\] is outside lanes\["):
        _ = t[index]
    with pytest.raises(IndexError):
        t[index] = np.zeros(4, np.float32)


def test_a_vector_of_neighbours_that_runs_over_the_end() -> None:
    t = tensor(python(), Shape.of(6, element="f32"))
    assert t.vector[2].shape == (4,)
    with pytest.raises(IndexError, match="is outside"):
        _ = t.vector[3]


def test_an_index_that_is_not_even_is_not_halved() -> None:
    from striate.emit.conv import _half

    assert str(_half(Index.variable("y") * 4 + 6)) == "2*y+3"
    for odd in (Index.variable("y") * 3, Index.variable("y") * 2 + 1):
        with pytest.raises(ValueError, match="is not even"):
            _half(odd)


def test_indices_as_text_and_as_numbers() -> None:
    y, x = Index.variable("y"), Index.variable("x")
    assert str(y * 2 + x - 3) == "2*y+x-3"
    assert y - y + 5 == Index.of(5) and int(y - y + 5) == 5
    assert y * 0 == Index() and str(Index()) == "0" and str(y * -1 + x) == "-1*y+x"
    assert 2 * y + 1 == y * 2 + 1 and hash(2 * y + 1) == hash(y * 2 + 1)


@pytest.mark.parametrize("reading", ["python"])
def test_a_buffer_beyond_the_arena(reading: str) -> None:
    made = make_plan("INPUT[3x2x2] - FC[2]")
    b = PythonBuilder(made, np.zeros(64, np.uint8), np.zeros((5, 12), np.float32), np.zeros((8, 2), np.float32))
    with pytest.raises(IndexError, match="the arena at 64"):
        b.place(made.buffers["parameters"])
