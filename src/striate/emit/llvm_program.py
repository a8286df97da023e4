"""Reading 1 of the whole program: functions that every thread of a team calls once, with barriers inside.

How they are called, ``emit.interface`` says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial

from striate.emit.barrier import BARRIER, SPINS, relaxing
from striate.emit.builder import Kernel, ProgramBuilder, check_arguments
from striate.emit.index import Index, Span
from striate.emit.interface import CONTEXT, COUNTERS, ENTRIES, LINE
from striate.emit.llvm import LlvmBuilder, LlvmModule
from striate.emit.program import emit_entry
from striate.emit.tensor import Tensor
from striate.plan.arena import Buffer
from striate.plan.plan import Plan
from striate.plan.shape import ELEMENT_BYTES, Shape


class LlvmProgramBuilder(LlvmBuilder, ProgramBuilder):
    """One entry function under construction."""

    def __init__(self, module: LlvmModule, plan: Plan) -> None:
        super().__init__(module)
        self.plan = plan
        self.handed_out = 0
        for i, name in enumerate(CONTEXT):
            type_ = "i64" if name in ("images", "groups") else "ptr"
            self.entry.append(f"  %at.{name} = getelementptr i8, ptr %context, i64 {8 * i}")
            self.entry.append(f"  %{name} = load {type_}, ptr %at.{name}, align 8")
        self.entry.append(f"  %rank.offset = mul i64 %rank, {plan.rank_bytes}")
        self.entry.append(f"  %rank.start = add i64 %rank.offset, {plan.shared_bytes}")
        self.entry.append("  %rank.memory = getelementptr i8, ptr %arena, i64 %rank.start")

    def call(self, kernel: Kernel, *tensors: Tensor, span: Span | None = None) -> None:
        check_arguments(kernel, tensors)
        self.module.require(kernel)
        arguments = [f"ptr {t.storage}" for t in tensors]
        if kernel.items:
            arguments += [f"i64 {self.integer(end)}" for end in span or Span.whole(kernel.items)]
        self.say(f"call void @{kernel.name}({', '.join(arguments)})")

    def work(self, items: Index | int, name: str) -> Iterator[Index]:
        self.count += 1
        label = f"{name}.{self.count}"
        counter, item, done = f"%{label}.counter", f"%{label}.item", f"%{label}.done"
        line = (COUNTERS + self.handed_out) * LINE
        self.handed_out += 1
        if self.handed_out > self.plan.shares:
            raise ValueError(f"the plan allows for {self.plan.shares} shares of work")
        limit = self.integer(Index.of(items))
        self.say(f"{counter} = getelementptr i8, ptr %sync, i64 {line}")
        self.say(f"br label %{label}.next")
        self.start(f"{label}.next")
        self.say(f"{item} = atomicrmw add ptr {counter}, i64 1 monotonic")
        self.say(f"{done} = icmp sge i64 {item}, {limit}")
        self.say(f"br i1 {done}, label %{label}.end, label %{label}")
        self.start(label)
        self.addresses.append({})
        yield Index.variable(item)
        self.addresses.pop()
        self.say(f"br label %{label}.next")
        self.start(f"{label}.end")

    def spread(self, groups: Index | int, items: int, name: str, portions: int) -> Iterator[tuple[Index, Span]]:
        total, cut = self.integer(Index.of(groups)), str(items)
        if portions:
            wanted = self.integer(Index.variable("%threads") * portions)
            share = self._rounded_up(wanted, total)  # portions of a group, so that threads get as many as asked for
            cut = self.integer(self.smaller(Index.variable(share), items))
        whole, least, larger = self.fresh("whole"), self.fresh("least"), self.fresh("larger")
        self.say(f"{whole} = mul nsw i64 {total}, {cut}")
        self.say(f"{least} = udiv i64 {items}, {cut}")
        self.say(f"{larger} = urem i64 {items}, {cut}")  # so many portions have one item more: they come first
        for item in self.work(Index.variable(whole), name):
            group, part = self.fresh("group"), self.fresh("part")
            self.say(f"{group} = udiv i64 {self.integer(item)}, {cut}")
            self.say(f"{part} = urem i64 {self.integer(item)}, {cut}")
            ends = []
            for number in (Index.variable(part), Index.variable(part) + 1):
                before = self.fresh("before")
                self.say(f"{before} = mul nsw i64 {self.integer(number)}, {least}")
                ends.append(self.smaller(number, Index.variable(larger)) + Index.variable(before))
            yield Index.variable(group), Span(*ends)

    def _rounded_up(self, a: str, b: str) -> str:
        """a / b, rounded up, for b > 0."""
        more, most, name = self.fresh("more"), self.fresh("most"), self.fresh("ratio")
        self.say(f"{more} = add nsw i64 {a}, {b}")
        self.say(f"{most} = sub nsw i64 {more}, 1")
        self.say(f"{name} = udiv i64 {most}, {b}")
        return name

    def perform(self, entry: str, body: Callable[[], None]) -> None:
        self.handed_out += len(self.plan.prepare)  # the other function's counters come first
        self.say(f"call void @{entry}(ptr %context, i64 %rank, i64 %threads)")

    def barrier(self) -> None:
        self.count += 1
        self.say(f"%team.{self.count} = icmp sgt i64 %threads, 1")
        self.say(f"br i1 %team.{self.count}, label %meet.{self.count}, label %go.{self.count}")
        self.start(f"meet.{self.count}")
        self.say("call void @barrier(ptr %sync, i64 %threads, ptr %pause)")
        self.say(f"br label %go.{self.count}")
        self.start(f"go.{self.count}")

    def number(self, name: str) -> Index:
        return Index.variable(f"%{name}")

    def place(self, buffer: Buffer, instance: Index | int = 0) -> Tensor:
        base = "%rank.memory" if buffer.scope == "rank" else "%arena"
        offset = Index.of(buffer.offset)
        if buffer.scope in ("slot", "group"):
            offset = offset + Index.of(instance) * buffer.stride
        return self._tensor(buffer.name, buffer.shape, base, offset)

    def image(self, index: Index, shape: Shape) -> Tensor:
        size = shape.elements * ELEMENT_BYTES[shape.element]
        return self._tensor("image", shape, "%pictures", index * size)

    def out(self, classes: int) -> Tensor:
        return Tensor(self, "out", Shape.of(2**31, classes, element="f32"), "%out")

    def _tensor(self, name: str, shape: Shape, base: str, offset: Index) -> Tensor:
        pointer = self.fresh("b")
        self.say(f"{pointer} = getelementptr i8, ptr {base}, i64 {self.integer(offset)}")
        return Tensor(self, name, shape, pointer)

    def flush_denormals(self) -> None:
        """Denormal numbers as zeros from here on; ``restore`` brings the caller's setting back."""
        if not self.module.x86:
            self.intrinsic("i64 @llvm.aarch64.get.fpcr()")
            self.intrinsic("void @llvm.aarch64.set.fpcr(i64)")
            self.say("%theirs = call i64 @llvm.aarch64.get.fpcr()")
            self.say("%flushing = or i64 %theirs, 16777216")  # FZ, of operands and results, is bit 24
            self.say("call void @llvm.aarch64.set.fpcr(i64 %flushing)")
            return
        for name in ("stmxcsr", "ldmxcsr"):
            self.intrinsic(f"void @llvm.x86.sse.{name}(ptr)")
        self.entry += ["  %mine = alloca i32, align 4", "  %theirs = alloca i32, align 4"]
        self.say("call void @llvm.x86.sse.stmxcsr(ptr %theirs)")
        self.say("%control = load i32, ptr %theirs, align 4")
        self.say("%flushing = or i32 %control, 32832")  # FTZ is bit 15, DAZ bit 6
        self.say("store i32 %flushing, ptr %mine, align 4")
        self.say("call void @llvm.x86.sse.ldmxcsr(ptr %mine)")

    def restore(self) -> None:
        """The caller's handling of denormals; what went past the caches is in memory."""
        if self.module.x86:
            self.intrinsic("void @llvm.x86.sse.sfence()")
            self.say("call void @llvm.x86.sse.sfence()")
            self.say("call void @llvm.x86.sse.ldmxcsr(ptr %theirs)")
        else:
            self.say("call void @llvm.aarch64.set.fpcr(i64 %theirs)")


def functions_ir(plan: Plan, bodies: Mapping[str, Callable[[ProgramBuilder], None]]) -> str:
    """The LLVM assembly of functions for a plan's team: each entry's name, and what says its body."""
    module = LlvmModule(plan.target.lanes, plan.target.x86)
    relax, declaration = relaxing(plan.target.x86)
    if declaration:
        module.intrinsics.add(declaration)
    module.functions.append(BARRIER.replace("RELAX", relax).replace("SPINS", str(SPINS)))
    for entry, body in bodies.items():
        builder = LlvmProgramBuilder(module, plan)
        builder.flush_denormals()
        body(builder)
        builder.restore()
        text = builder.function(f"void @{entry}(ptr %context, i64 %rank, i64 %threads)", "void")
        module.functions.append(text)
    return module.text()


def program_ir(plan: Plan, entries: tuple[str, ...] = tuple(ENTRIES)) -> str:
    """The LLVM assembly of a plan's program."""
    return functions_ir(plan, {entry: partial(emit_entry, plan=plan, entry=entry) for entry in entries})
