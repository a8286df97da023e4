"""Reading 1: LLVM IR, written as text (llvmlite parses, optimises and assembles it)."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence

from striate.emit.builder import Builder, Kernel
from striate.emit.index import Index, Span
from striate.emit.tensor import Tensor
from striate.plan.shape import ELEMENT_BYTES


def float_text(number: float) -> str:
    """A float32 constant as LLVM writes it: the bits of the equal double."""
    single = struct.unpack("f", struct.pack("f", number))[0]
    return f"0x{struct.unpack('Q', struct.pack('d', single))[0]:016X}"


class Ssa:
    """A float, a vector of floats or a vector of whole numbers in the IR."""

    __slots__ = ("builder", "name", "type")

    def __init__(self, builder: LlvmBuilder, name: str, type_: str) -> None:
        self.builder, self.name, self.type = builder, name, type_

    def __add__(self, other: Ssa) -> Ssa:
        return self.builder.binary("fadd", self, other)

    def __sub__(self, other: Ssa) -> Ssa:
        return self.builder.binary("fsub", self, other)

    def __mul__(self, other: Ssa) -> Ssa:
        return self.builder.binary("mul" if "i32" in self.type else "fmul", self, other)

    def __xor__(self, other: Ssa) -> Ssa:
        return self.builder.binary("xor", self, other)

    def __rshift__(self, bits: int) -> Ssa:
        return self.builder.binary("lshr", self, self.builder.whole(bits))

    def __bool__(self) -> bool:
        raise TypeError("a value in the program has no truth value at emission: use where()")


class SsaRegister:
    """A stack slot that the optimiser turns into a register."""

    __slots__ = ("_builder", "_slot", "_type")

    def __init__(self, builder: LlvmBuilder, slot: str, type_: str) -> None:
        self._builder, self._slot, self._type = builder, slot, type_

    @property
    def value(self) -> Ssa:
        return self._builder.assign(f"load {self._type}, ptr {self._slot}", self._type)

    @value.setter
    def value(self, value: Ssa) -> None:
        self._builder.say(f"store {self._type} {value.name}, ptr {self._slot}")


class LlvmModule:
    """The functions of one program; kernels of equal name are emitted once."""

    def __init__(self, lanes: int, x86: bool) -> None:
        self.lanes, self.x86 = lanes, x86
        self.kernels: dict[str, Kernel] = {}
        self.functions: list[str] = []
        self.intrinsics: set[str] = set()

    def require(self, kernel: Kernel) -> None:
        """Emit the kernel unless the module has it."""
        known = self.kernels.get(kernel.name)
        if known is not None:
            if known.arguments != kernel.arguments:
                raise ValueError(f"two kernels are named {kernel.name}")
            return
        self.kernels[kernel.name] = kernel
        parameters = [f"ptr noalias nocapture %{name}" for name, _ in kernel.arguments]
        builder = LlvmBuilder(self)
        tensors = [Tensor(builder, name, shape, f"%{name}") for name, shape in kernel.arguments]
        if kernel.items:
            parameters += ["i64 %first", "i64 %last"]
            kernel.emit(builder, *tensors, span=Span(Index.variable("%first"), Index.variable("%last")))
        else:
            kernel.emit(builder, *tensors)
        self.functions.append(builder.function(f"internal void @{kernel.name}({', '.join(parameters)})", "void"))

    def text(self) -> str:
        """The module as LLVM assembly."""
        return "\n\n".join([*self.functions, *sorted(self.intrinsics)]) + "\n"


class LlvmBuilder(Builder):
    """One function under construction."""

    def __init__(self, module: LlvmModule) -> None:
        self.module, self.lanes = module, module.lanes
        self.vector_type = f"<{self.lanes} x float>"
        self.entry: list[str] = []
        self.lines: list[str] = []
        self.count = 0
        self.block = "entry.end"
        self.addresses: list[dict[object, str]] = [{}]

    # ---- text
    def say(self, line: str) -> None:
        """One line of IR."""
        self.lines.append("  " + line)

    def fresh(self, stem: str = "v") -> str:
        """A new SSA name."""
        self.count += 1
        return f"%{stem}.{self.count}"

    def assign(self, operation: str, type_: str) -> Ssa:
        """``%new = operation``."""
        name = self.fresh()
        self.lines.append(f"  {name} = {operation}")
        return Ssa(self, name, type_)

    def start(self, label: str) -> None:
        """Begin a block."""
        self.lines.append(f"{label}:")
        self.block = label

    def function(self, head: str, result: str) -> str:
        """The finished function."""
        body = [
            f"define {head} noinline nounwind {{",
            "entry:",
            *self.entry,
            "  br label %entry.end",
            "entry.end:",
        ]
        return "\n".join([*body, *self.lines, f"  ret {result}", "}"])

    def intrinsic(self, declaration: str) -> None:
        """Declare an intrinsic once."""
        self.module.intrinsics.add(f"declare {declaration}")

    # ---- loops and variables
    def range(self, stop: Index | int, name: str, step: int = 1, start: Index | int = 0) -> Iterator[Index]:
        first, last = Index.of(start), Index.of(stop)
        known = not (first.terms or last.terms)
        if known and first.constant >= last.constant:
            raise ValueError(f"the loop over {name} would run from {first} to {last}: no turn at all")
        before, self.count = self.block, self.count + 1
        body, end = f"{name}.{self.count}", f"{name}.{self.count}.end"
        begin, limit = self.integer(first), self.integer(last)
        if known:
            self.say(f"br label %{body}")
        else:
            enter = self.fresh("enter")
            self.say(f"{enter} = icmp slt i64 {begin}, {limit}")
            self.say(f"br i1 {enter}, label %{body}, label %{end}")
        variable, following = f"%{body}.i", f"%{body}.next"
        self.start(body)
        self.say(f"{variable} = phi i64 [ {begin}, %{before} ], [ {following}, %{body}.latch ]")
        self.addresses.append({})
        yield Index.variable(variable)
        self.addresses.pop()
        self.say(f"br label %{body}.latch")
        self.start(f"{body}.latch")
        self.say(f"{following} = add nsw i64 {variable}, {step}")
        more = self.fresh("more")
        self.say(f"{more} = icmp slt i64 {following}, {limit}")
        self.say(f"br i1 {more}, label %{body}, label %{end}")
        self.start(end)

    def register(self, name: str, value: Ssa) -> SsaRegister:
        slot = self.fresh(name)
        self.entry.append(f"  {slot} = alloca {value.type}, align 64")
        register = SsaRegister(self, slot, value.type)
        register.value = value
        return register

    def integer(self, index: Index) -> str:
        """The index as an i64 operand."""
        name = ""
        for variable, coefficient in index.terms:
            term = variable
            if coefficient != 1:
                term = self.fresh("mul")
                self.say(f"{term} = mul nsw i64 {variable}, {coefficient}")
            if name:
                total = self.fresh("sum")
                self.say(f"{total} = add nsw i64 {name}, {term}")
                term = total
            name = term
        if not name:
            return str(index.constant)
        if index.constant:
            total = self.fresh("sum")
            self.say(f"{total} = add nsw i64 {name}, {index.constant}")
            name = total
        return name

    def smaller(self, a: Index | int, b: Index | int) -> Index:
        return self._either("slt", a, b)

    def larger(self, a: Index | int, b: Index | int) -> Index:
        return self._either("sgt", a, b)

    def _either(self, relation: str, a: Index | int, b: Index | int) -> Index:
        """``a`` where the relation holds, else ``b``."""
        left, right = self.integer(Index.of(a)), self.integer(Index.of(b))
        test, name = self.fresh("test"), self.fresh("one")
        self.say(f"{test} = icmp {relation} i64 {left}, {right}")
        self.say(f"{name} = select i1 {test}, i64 {left}, i64 {right}")
        return Index.variable(name)

    # ---- memory
    def address(self, tensor: Tensor, index: tuple[Index, ...]) -> str:
        """A pointer to the element; the part that varies is computed once a loop body."""
        offset = Index()
        for i, stride, axis in zip(index, tensor.shape.strides(self.lanes), tensor.shape.axes, strict=True):
            offset = offset + (i + axis.before) * stride
        base = tensor.storage
        if offset.terms:
            key = (base, offset.terms)
            cached = next((scope[key] for scope in reversed(self.addresses) if key in scope), None)
            if cached is None:
                moving = self.integer(Index(offset.terms))
                cached = self.fresh("at")
                self.say(f"{cached} = getelementptr inbounds i8, ptr {base}, i64 {moving}")
                self.addresses[-1][key] = cached
            base = cached
        if not offset.constant:
            return str(base)
        pointer = self.fresh("p")
        self.say(f"{pointer} = getelementptr inbounds i8, ptr {base}, i64 {offset.constant}")
        return pointer

    def memory_type(self, tensor: Tensor) -> tuple[str, int]:
        """The IR type of an element as it lies in memory, and the alignment that holds."""
        scalar = {"bytes": "i8", "u8": "i8", "words": "i32"}.get(tensor.shape.element, "float")
        if tensor.shape.per_lane:
            return f"<{self.lanes} x {scalar}>", self.lanes * ELEMENT_BYTES[tensor.shape.element]
        if tensor.as_vector:
            return f"<{self.lanes} x {scalar}>", ELEMENT_BYTES[tensor.shape.element]
        return scalar, ELEMENT_BYTES[tensor.shape.element]

    def load(self, tensor: Tensor, index: tuple[Index, ...]) -> Ssa:
        type_, align = self.memory_type(tensor)
        loaded = self.assign(f"load {type_}, ptr {self.address(tensor, index)}, align {align}", type_)
        if "i8" not in type_:
            return loaded
        wide = type_.replace("i8", "float")
        return self.assign(f"uitofp {type_} {loaded.name} to {wide}", wide)

    def store(self, tensor: Tensor, index: tuple[Index, ...], value: Ssa) -> None:
        type_, align = self.memory_type(tensor)
        if "i8" in type_:
            value = self.assign(f"fptoui {value.type} {value.name} to {type_}", type_)
        if value.type != type_:
            raise TypeError(f"{tensor.name} holds {type_}, not {value.type}")
        hint = ", !nontemporal !{i32 1}" if tensor.streams else ""
        self.say(f"store {type_} {value.name}, ptr {self.address(tensor, index)}, align {align}{hint}")

    def prefetch(self, tensor: Tensor, index: tuple[Index, ...]) -> None:
        self.intrinsic("void @llvm.prefetch.p0(ptr, i32, i32, i32)")
        # For reading, into the second-level cache, data.
        self.say(f"call void @llvm.prefetch.p0(ptr {self.address(tensor, index)}, i32 0, i32 2, i32 1)")

    # ---- numbers
    def constant(self, number: float) -> Ssa:
        return Ssa(self, f"splat (float {float_text(number)})", self.vector_type)

    def scalar(self, number: float) -> Ssa:
        return Ssa(self, float_text(number), "float")

    def splat(self, scalar: Ssa) -> Ssa:
        one = self.assign(f"insertelement {self.vector_type} poison, float {scalar.name}, i64 0", self.vector_type)
        return self.shuffle(one, one, [0] * self.lanes)

    def shuffle(self, a: Ssa, b: Ssa, order: Sequence[int]) -> Ssa:
        """Lanes of a (0 …) and b (lanes …) in the given order."""
        mask = f"<{len(order)} x i32> <{', '.join(f'i32 {i}' for i in order)}>"
        result = f"<{len(order)} x float>"
        return self.assign(f"shufflevector {a.type} {a.name}, {b.type} {b.name}, {mask}", result)

    def binary(self, operation: str, a: Ssa, b: Ssa) -> Ssa:
        """A two-operand instruction."""
        if a.type != b.type:
            raise TypeError(f"{operation} of {a.type} and {b.type}")
        return self.assign(f"{operation} {a.type} {a.name}, {b.name}", a.type)

    def fma(self, a: Ssa, b: Ssa, c: Ssa) -> Ssa:
        suffix = f"v{self.lanes}f32" if a.type == self.vector_type else "f32"
        self.intrinsic(f"{a.type} @llvm.fmuladd.{suffix}({a.type}, {a.type}, {a.type})")
        arguments = ", ".join(f"{v.type} {v.name}" for v in (a, b, c))
        return self.assign(f"call {a.type} @llvm.fmuladd.{suffix}({arguments})", a.type)

    def where(self, a: Ssa, relation: str, b: Ssa, then: Ssa, other: Ssa) -> Ssa:
        test = {">": "ogt", "==": "oeq"}[relation]
        bits = a.type.replace("float", "i1")
        mask = self.assign(f"fcmp {test} {a.type} {a.name}, {b.name}", bits)
        picks = f"{then.type} {then.name}, {other.type} {other.name}"
        return self.assign(f"select {bits} {mask.name}, {picks}", then.type)

    def divide(self, a: Ssa, b: Ssa) -> Ssa:
        return self.binary("fdiv", a, b)

    def sqrt(self, a: Ssa) -> Ssa:
        suffix = f"v{self.lanes}f32" if a.type == self.vector_type else "f32"
        self.intrinsic(f"{a.type} @llvm.sqrt.{suffix}({a.type})")
        return self.assign(f"call {a.type} @llvm.sqrt.{suffix}({a.type} {a.name})", a.type)

    def reduce_add(self, vector: Ssa) -> Ssa:
        width = self.lanes
        while width > 1:
            width //= 2
            low = self.shuffle(vector, vector, range(width))
            high = self.shuffle(vector, vector, range(width, 2 * width))
            vector = low + high
        return self.assign(f"extractelement <1 x float> {vector.name}, i64 0", "float")

    def extract(self, vector: Ssa, lane: int) -> Ssa:
        return self.assign(f"extractelement {vector.type} {vector.name}, i64 {lane}", "float")

    def transpose(self, vectors: Sequence[Ssa]) -> list[Ssa]:
        rows, width = list(vectors), 1
        while width < self.lanes:
            rows = self._exchange(rows, width)
            width *= 2
        return rows

    def _exchange(self, rows: list[Ssa], width: int) -> list[Ssa]:
        """Swap the off-diagonal blocks of every 2 x 2 of ``width``-wide blocks."""
        lanes = range(self.lanes)
        upper = [i if not i & width else self.lanes + (i ^ width) for i in lanes]
        lower = [i ^ width if not i & width else self.lanes + i for i in lanes]
        out = list(rows)
        for r in lanes:
            if not r & width:
                a, b = rows[r], rows[r | width]
                out[r], out[r | width] = self.shuffle(a, b, upper), self.shuffle(a, b, lower)
        return out

    def pack(self, scalars: Sequence[Ssa]) -> Ssa:
        vector = Ssa(self, "poison", self.vector_type)
        for lane, scalar in enumerate(scalars):
            text = f"insertelement {self.vector_type} {vector.name}, float {scalar.name}, i64 {lane}"
            vector = self.assign(text, self.vector_type)
        return vector

    def scale2(self, a: Ssa, exponent: Ssa) -> Ssa:
        ints = self.vector_type.replace("float", "i32")
        whole = self.assign(f"fptosi {exponent.type} {exponent.name} to {ints}", ints)
        biased = self.assign(f"add {ints} {whole.name}, splat (i32 127)", ints)
        bits = self.assign(f"shl {ints} {biased.name}, splat (i32 23)", ints)
        return a * self.assign(f"bitcast {ints} {bits.name} to {self.vector_type}", self.vector_type)

    def frexp(self, a: Ssa) -> tuple[Ssa, Ssa]:
        ints = self.vector_type.replace("float", "i32")
        bits = self.assign(f"bitcast {self.vector_type} {a.name} to {ints}", ints)
        high = self.assign(f"lshr {ints} {bits.name}, splat (i32 23)", ints)
        whole = self.assign(f"sub {ints} {high.name}, splat (i32 126)", ints)
        exponent = self.assign(f"sitofp {ints} {whole.name} to {self.vector_type}", self.vector_type)
        fraction = self.assign(f"and {ints} {bits.name}, splat (i32 8388607)", ints)
        half = self.assign(f"or {ints} {fraction.name}, splat (i32 1056964608)", ints)
        return self.assign(f"bitcast {ints} {half.name} to {self.vector_type}", self.vector_type), exponent

    def whole(self, number: Index | int) -> Ssa:
        index, ints = Index.of(number), self.vector_type.replace("float", "i32")
        if not index.terms:
            return Ssa(self, f"splat (i32 {(index.constant + 2**31) % 2**32 - 2**31})", ints)
        low = self.assign(f"trunc i64 {self.integer(index)} to i32", "i32")
        one = self.assign(f"insertelement {ints} poison, i32 {low.name}, i64 0", ints)
        every = f"<{self.lanes} x i32> zeroinitializer"
        return self.assign(f"shufflevector {ints} {one.name}, {ints} poison, {every}", ints)

    def real(self, whole: Ssa) -> Ssa:
        return self.assign(f"sitofp {whole.type} {whole.name} to {self.vector_type}", self.vector_type)
