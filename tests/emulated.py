"""Programs for aarch64 on a machine that is none: linked with a small driver, they run under qemu.

The driver has no library under it. It reads a message, which is all of a program's memory, calls one entry in one
thread, writes the message back, and begins again. A ``Program`` takes it for code of this process.
"""

from __future__ import annotations

import ctypes
import shutil
import subprocess
import tempfile
import weakref
from collections.abc import Callable, Iterable
from functools import cached_property, lru_cache, partial
from pathlib import Path
from string import Template
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from llvmlite import binding as llvm

from striate.emit.interface import CONTEXT, COUNTERS, ENTRIES, LINE, SINGLE_ENTRIES
from striate.emit.llvm_program import program_ir
from striate.native import build, host
from striate.native.assemble import Loaded, assemble
from striate.plan.arena import aligned
from striate.plan.plan import Plan
from striate.plan.target import TARGETS

TARGET = TARGETS["neon"]
EMULATOR, LINKER = "qemu-aarch64", "aarch64-linux-gnu-ld"
MISSING = [tool for tool in (EMULATOR, LINKER) if not shutil.which(tool)]

needs_emulator = pytest.mark.skipif(bool(MISSING), reason=f"to run aarch64 here wants {' and '.join(MISSING)}")

HEAD = ("entry", "control", "images", "groups")  #: 64-bit numbers at the beginning of a message

DRIVER = Template("""@message = internal global [$size x i8] zeroinitializer, align 64
@context = internal global [$words x i64] [$pointers], align 64
@entries = internal constant [$count x ptr] [$entries]
$declarations
declare i64 @llvm.aarch64.get.fpcr()
declare void @llvm.aarch64.set.fpcr(i64)

; LLVM here has no assembler for aarch64, so a system call's instructions are numbers: mov x8, x3; svc #0; ret
@system = internal constant [3 x i32] [i32 u0xAA0303E8, i32 u0xD4000001, i32 u0xD65F03C0], section ".text", align 4

define internal void @transfer(i64 %number, i64 %file) noinline nounwind {
entry:
  br label %go.on
go.on:
  %done = phi i64 [ 0, %entry ], [ %more, %some ]
  %rest = getelementptr i8, ptr @message, i64 %done
  %left = sub i64 $size, %done
  %moved = call i64 @system(i64 %file, ptr %rest, i64 %left, i64 %number)
  %none = icmp sle i64 %moved, 0
  br i1 %none, label %leave, label %some
leave:
  call i64 @system(i64 0, ptr null, i64 0, i64 93) ; exit
  unreachable
some:
  %more = add i64 %done, %moved
  %whole = icmp eq i64 %more, $size
  br i1 %whole, label %end, label %go.on
end:
  ret void
}

define void @_start() noinline nounwind {
entry:
  br label %next
next:
  call void @transfer(i64 63, i64 0) ; read
  %number = load i64, ptr @message
  %control = load i64, ptr getelementptr (i64, ptr @message, i64 1)
  %images = load i64, ptr getelementptr (i64, ptr @message, i64 2)
  %groups = load i64, ptr getelementptr (i64, ptr @message, i64 3)
  store i64 %images, ptr getelementptr (i64, ptr @context, i64 $images)
  store i64 %groups, ptr getelementptr (i64, ptr @context, i64 $groups)
  %place = getelementptr ptr, ptr @entries, i64 %number
  %function = load ptr, ptr %place
  call void @llvm.aarch64.set.fpcr(i64 %control)
  call void %function(ptr @context, i64 0, i64 1)
  %left = call i64 @llvm.aarch64.get.fpcr()
  store i64 %left, ptr getelementptr (i64, ptr @message, i64 1)
  call void @transfer(i64 64, i64 1) ; write
  br label %next
}
""")


def emulate(patch: pytest.MonkeyPatch) -> None:
    """From here on ``compile`` takes the target for one that runs here, in one thread."""
    runs_here = host.runs_here
    patch.setattr(host, "runs_here", lambda target: target is TARGET or runs_here(target))
    made = build.build

    def built(plan: Plan, cache: bool = True, entries: Iterable[str] = tuple(ENTRIES)) -> Loaded | Emulated:
        return Emulated(plan, build.needed(plan, entries)) if plan.target is TARGET else made(plan, cache, entries)

    patch.setattr(build, "build", built)


@lru_cache(maxsize=1)
def machine() -> Any:
    """LLVM's code generator for the target, with the settings for code in memory."""
    llvm.initialize_all_targets()
    llvm.initialize_all_asmprinters()
    triple = llvm.Target.from_triple("aarch64-unknown-linux-gnu")
    return triple.create_target_machine(cpu=TARGET.cpu, features=TARGET.features, opt=3, jit=True)


class Emulated:
    """Some of a plan's functions in a process under qemu: what ``Loaded`` is to code of this process.

    control: what an entry's caller has in FPCR, the control register of floating-point arithmetic; after a call, what
    the entry left in it.
    """

    def __init__(self, plan: Plan, names: Iterable[str] = tuple(ENTRIES)) -> None:
        self.plan, self.names, self.control = plan, tuple(names), 0
        self._fixed = {"sync": (COUNTERS + plan.shares) * LINE, "arena": plan.bytes(1)}
        self._places, size = {}, aligned(8 * len(HEAD))
        for part, most in {**self._fixed, **self._extent("scores_float", plan.batch, plan.groups)}.items():
            self._places[part] = size
            size += aligned(most)
        self._message = np.zeros(size, np.uint8)

    @property
    def entries(self) -> dict[str, Callable[[int, int, int], None]]:
        """The functions by their names."""
        return {name: partial(self._run, name) for name in self.names}

    @cached_property
    def _process(self) -> subprocess.Popen[bytes]:
        """Started when the first entry is called."""
        folder = tempfile.TemporaryDirectory()
        path = self._link(Path(folder.name))
        process = subprocess.Popen([EMULATOR, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        weakref.finalize(self, _end, process, folder)
        return process

    def _link(self, folder: Path) -> Path:
        """The executable of the program and its driver."""
        parts = {"program.o": program_ir(self.plan, self.names), "driver.o": self._driver()}
        for name, ir in parts.items():
            (folder / name).write_bytes(assemble(ir, TARGET, machine()))
        whole = folder / "program"
        subprocess.run([LINKER, "-static", "-o", whole, *(folder / name for name in parts)], check=True)
        return whole

    def _driver(self) -> str:
        at = "i64 ptrtoint (ptr getelementptr (i8, ptr @message, i64 {}) to i64)"
        return DRIVER.substitute(
            size=len(self._message),
            words=len(CONTEXT),
            pointers=", ".join(at.format(self._places[n]) if n in self._places else "i64 0" for n in CONTEXT),
            count=len(self.names),
            entries=", ".join(f"ptr @{name}" for name in self.names),
            declarations="\n".join(f"declare void @{name}(ptr, i64, i64)" for name in self.names),
            images=CONTEXT.index("images"),
            groups=CONTEXT.index("groups"),
        )

    def _run(self, name: str, context: int, rank: int, threads: int) -> None:
        """One call: memory goes there and comes back."""
        assert (rank, threads) == (0, 1), "one thread alone is emulated"
        given = dict(zip(CONTEXT, (ctypes.c_int64 * len(CONTEXT)).from_address(context), strict=True))
        head = self._message[: 8 * len(HEAD)].view(np.int64)
        head[:] = self.names.index(name), self.control, given["images"], given["groups"]
        shared = [
            (_memory(given[part], size), self._message[self._places[part] :][:size])
            for part, size in self._extent(name, given["images"], given["groups"]).items()
            if given[part]
        ]
        for here, there in shared:
            there[:] = here
        self._exchange()
        for here, there in shared:
            here[:] = there
        self.control = int(head[1])

    def _extent(self, name: str, images: int, groups: int) -> dict[str, int]:
        """Bytes of each part of memory that a call may touch."""
        volume, classes = self.plan.network.input, self.plan.network.classes
        rows = images if name in SINGLE_ENTRIES else groups * self.plan.target.lanes
        pictures = images * volume.size * (1 if name.endswith("_byte") else 4)
        return {**self._fixed, "out": rows * classes * 4, "pictures": pictures}

    def _exchange(self) -> None:
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin and stdout
        stdin.write(self._message.data)
        stdin.flush()
        if stdout.readinto(self._message.data) != len(self._message):  # type: ignore[attr-defined]
            raise RuntimeError(f"the emulated program ended with status {self._process.wait()}")


def _memory(address: int, size: int) -> npt.NDArray[np.uint8]:
    return np.ctypeslib.as_array((ctypes.c_uint8 * size).from_address(address))


def _end(process: subprocess.Popen[bytes], folder: tempfile.TemporaryDirectory[str]) -> None:
    """The driver leaves when there is no more to read."""
    process.communicate()
    folder.cleanup()
