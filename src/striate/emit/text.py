"""Reading 3: the loop nest as text that a person can read and a golden file can keep."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from striate.emit.builder import Kernel, ProgramBuilder, check_arguments
from striate.emit.index import Index, Span
from striate.emit.tensor import Tensor
from striate.plan.arena import Buffer
from striate.plan.shape import Shape


class Phrase:
    """A number, as text; ``loose`` ones, such as sums, want brackets inside a product."""

    __slots__ = ("loose", "text")

    def __init__(self, text: str, loose: bool = False) -> None:
        self.text, self.loose = text, loose

    @property
    def tight(self) -> str:
        """The text as a factor."""
        return f"({self.text})" if self.loose else self.text

    def __add__(self, other: Phrase) -> Phrase:
        return Phrase(f"{self.text} + {other.text}", True)

    def __sub__(self, other: Phrase) -> Phrase:
        return Phrase(f"{self.text} - {other.tight}", True)

    def __mul__(self, other: Phrase) -> Phrase:
        return Phrase(f"{self.tight} * {other.tight}")

    def __xor__(self, other: Phrase) -> Phrase:
        return Phrase(f"{self.tight} ^ {other.tight}", True)

    def __rshift__(self, bits: int) -> Phrase:
        return Phrase(f"{self.tight} >> {bits}", True)

    def __str__(self) -> str:
        return self.text


class Named:
    """A register: each write is a line."""

    def __init__(self, builder: TextBuilder, name: str, value: Phrase) -> None:
        self._builder, self._name = builder, name
        builder.say(f"{name} = {value}")

    @property
    def value(self) -> Phrase:
        return Phrase(self._name)

    @value.setter
    def value(self, value: Phrase) -> None:
        text = str(value)
        more = f"{self._name} + "
        self._builder.say(f"{self._name} += {text[len(more) :]}" if text.startswith(more) else f"{self._name} = {text}")


class TextBuilder(ProgramBuilder):
    """Collects ``lines``; ``str`` gives the nest. Kernels that are called follow once, each under its name."""

    def __init__(self, lanes: int) -> None:
        self.lanes = lanes
        self.lines: list[str] = []
        self._depth = 0
        self._used: dict[str, int] = {}
        self._kernels: dict[str, Kernel] = {}

    def say(self, line: str) -> None:
        """One line, indented as deep as the loops around it."""
        self.lines.append("    " * self._depth + line)

    def _fresh(self, name: str) -> str:
        self._used[name] = self._used.get(name, 0) + 1
        return name if self._used[name] == 1 else f"{name}{self._used[name]}"

    def kernel(self, kernel: Kernel) -> None:
        """A kernel as a function."""
        arguments = [f"{name}: {shape}" for name, shape in kernel.arguments]
        span = {"span": Span(Index.variable("first"), Index.variable("last"))} if kernel.items else {}
        self.say(f"{kernel.name}({', '.join([*arguments, *(['items first..last'] if span else [])])}):")
        self._depth += 1
        outer, self._used = self._used, {}
        kernel.emit(self, *(Tensor(self, name, shape, name) for name, shape in kernel.arguments), **span)
        self._used = outer
        self._depth -= 1

    def __str__(self) -> str:
        whole = TextBuilder(self.lanes)
        done: set[str] = set()
        waiting = dict(self._kernels)
        while waiting.keys() - done:
            for name in sorted(waiting.keys() - done):
                whole.lines.append("")
                whole.kernel(waiting[name])
                done.add(name)
            waiting.update(whole._kernels)
        return "\n".join([*self.lines, *whole.lines]) + "\n"

    def _loop(self, head: str, name: str) -> Iterator[Index]:
        self.say(head)
        self._depth += 1
        yield Index.variable(name)
        self._depth -= 1

    def range(self, stop: Index | int, name: str, step: int = 1, start: Index | int = 0) -> Iterator[Index]:
        variable = self._fresh(name)
        by = f" by {step}" if step != 1 else ""
        return self._loop(f"for {variable} in {start}..{stop}{by}:", variable)

    def register(self, name: str, value: Phrase) -> Named:
        return Named(self, self._fresh(name), value)

    def smaller(self, a: Index | int, b: Index | int) -> Index:
        return Index.variable(f"min({a}, {b})")

    def larger(self, a: Index | int, b: Index | int) -> Index:
        return Index.variable(f"max({a}, {b})")

    def _place(self, tensor: Tensor, index: tuple[Index, ...]) -> str:
        inside = ", ".join(map(str, index))
        return f"{tensor.storage}[{inside}{f':{self.lanes}' if tensor.as_vector else ''}]"

    def load(self, tensor: Tensor, index: tuple[Index, ...]) -> Phrase:
        return Phrase(self._place(tensor, index))

    def store(self, tensor: Tensor, index: tuple[Index, ...], value: Phrase) -> None:
        place, text = self._place(tensor, index), str(value)
        more = f"{place} + "
        self.say(f"{place} += {text[len(more) :]}" if text.startswith(more) else f"{place} = {text}")

    def constant(self, number: float) -> Phrase:
        return Phrase(f"{number:.9g}")

    def scalar(self, number: float) -> Phrase:
        return self.constant(number)

    def splat(self, scalar: Phrase) -> Phrase:
        return scalar

    def fma(self, a: Phrase, b: Phrase, c: Phrase) -> Phrase:
        return c + a * b

    def where(self, a: Phrase, relation: str, b: Phrase, then: Phrase, other: Phrase) -> Phrase:
        if relation == ">" and (a, b) == (then, other):
            return Phrase(f"max({a}, {b})")
        return Phrase(f"({then} if {a} {relation} {b} else {other})")

    def divide(self, a: Phrase, b: Phrase) -> Phrase:
        return Phrase(f"{a.tight} / {b.tight}")

    def sqrt(self, a: Phrase) -> Phrase:
        return Phrase(f"sqrt({a})")

    def reduce_add(self, vector: Phrase) -> Phrase:
        return Phrase(f"sum({vector})")

    def extract(self, vector: Phrase, lane: int) -> Phrase:
        return Phrase(f"lane({vector}, {lane})")

    def transpose(self, vectors: Sequence[Phrase]) -> list[Phrase]:
        name = self._fresh("turned")
        self.say(f"{name} = transpose({vectors[0]}, …, {vectors[-1]})")
        return [Phrase(f"{name}[{i}]") for i in range(len(vectors))]

    def pack(self, scalars: Sequence[Phrase]) -> Phrase:
        return Phrase(f"lanes({scalars[0]}, …, {scalars[-1]})")

    def scale2(self, a: Phrase, exponent: Phrase) -> Phrase:
        return Phrase(f"{a.tight} * 2**{exponent.tight}")

    def frexp(self, a: Phrase) -> tuple[Phrase, Phrase]:
        return Phrase(f"mantissa({a})"), Phrase(f"exponent({a})")

    def whole(self, number: Index | int) -> Phrase:
        index = Index.of(number)
        return Phrase(f"whole({index})" if index.terms else str(index))

    def real(self, whole: Phrase) -> Phrase:
        return Phrase(f"real({whole})")

    def call(self, kernel: Kernel, *tensors: Tensor, span: Span | None = None) -> None:
        check_arguments(kernel, tensors)
        self._kernels.setdefault(kernel.name, kernel)
        part = [f"items {span.first}..{span.last}"] if span else []
        self.say(f"{kernel.name}({', '.join([*(str(t.storage) for t in tensors), *part])})")

    def work(self, items: Index | int, name: str) -> Iterator[Index]:
        variable = self._fresh(name)
        return self._loop(f"share {variable} in 0..{items} among the threads:", variable)

    def spread(self, groups: Index | int, items: int, name: str, portions: int) -> Iterator[tuple[Index, Span]]:
        variable = self._fresh(name)
        cut = f"{portions} portions a thread" if portions else "one by one"
        head = f"share {variable} in 0..{groups}, items 0..{items}, {cut}:"
        for index in self._loop(head, variable):
            yield index, Span(Index.variable("first"), Index.variable("last"))

    def perform(self, entry: str, body: Callable[[], None]) -> None:
        self.say(f"{entry}()")

    def barrier(self) -> None:
        self.say("all threads meet")

    def number(self, name: str) -> Index:
        return Index.variable(name)

    def place(self, buffer: Buffer, instance: Index | int = 0) -> Tensor:
        mark = f"@{instance}" if buffer.scope in ("slot", "group") else ""
        return Tensor(self, buffer.name, buffer.shape, buffer.name + mark)

    def image(self, index: Index, shape: Shape) -> Tensor:
        return Tensor(self, "image", shape, f"image@{index}")

    def out(self, classes: int) -> Tensor:
        return Tensor(self, "out", Shape.of(2**31, classes, element="f32"), "out")
