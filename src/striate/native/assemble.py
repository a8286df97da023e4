"""LLVM assembly to an object file in memory, and an object file to functions that can be called."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable, Iterable
from typing import Any

from llvmlite import binding as llvm

from striate.native.host import target_machine
from striate.plan.target import Target

Entry = Callable[[int, int, int], None]  #: (address of the context, rank, threads)
_ENTRY = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64)


def assemble(ir: str, target: Target, machine: Any = None) -> bytes:
    """The object file for ``ir``; ``machine`` is LLVM's code generator, that for this process if None.

    Emitters write what they mean to run, so the optimiser only turns stack slots into registers; inlining,
    unrolling and vectorising would undo decisions of the plan. Instruction selection, scheduling and register
    allocation are LLVM's at their highest level. Constants and types go with the module's own context; in the
    global one they would stay for as long as the process.
    """
    machine = machine or target_machine(target)
    module = llvm.parse_assembly(ir, llvm.create_context())
    module.verify()
    _optimise(module, machine)
    return bytes(machine.emit_object(module))


def _optimise(module: Any, machine: Any) -> None:
    builder = llvm.create_pass_builder(machine, llvm.create_pipeline_tuning_options(speed_level=2))
    passes = llvm.create_new_function_pass_manager()
    passes.add_sroa_pass()
    passes.add_simplify_cfg_pass()
    for function in module.functions:
        if not function.is_declaration:
            passes.run(function, builder)


def give_back() -> None:
    """Return to the system what was freed: glibc would keep tens of megabytes after a compilation."""
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim:
            trim(ctypes.c_size_t(0))


class Loaded:
    """An object file in executable memory; its functions live as long as this does."""

    def __init__(self, code: bytes, target: Target, names: Iterable[str]) -> None:
        machine = target_machine(target)
        self._engine: Any = llvm.create_mcjit_compiler(llvm.parse_assembly(""), machine)
        self._engine.add_object_file(llvm.ObjectFileRef.from_data(code))
        self._engine.finalize_object()
        self.entries: dict[str, Entry] = {}
        self.addresses: dict[str, int] = {}
        for name in names:
            self.addresses[name] = self.address(name)
            entry: Any = _ENTRY(self.addresses[name])
            entry.address = self.addresses[name]  # for those who call it without Python
            self.entries[name] = entry

    def address(self, name: str) -> int:
        """Where a function begins."""
        address = int(self._engine.get_function_address(name))
        if not address:
            raise ValueError(f"the object file has no function {name}")
        return address
