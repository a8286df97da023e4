"""Plan -> functions: from the disk where they were built before, else through LLVM."""

from __future__ import annotations

from collections.abc import Mapping

from striate.emit.llvm_program import program_ir
from striate.emit.program import ENTRIES
from striate.native.assemble import Entry, Loaded, assemble
from striate.native.cache import cache_key, read_object, write_object
from striate.native.host import toolchain
from striate.plan.plan import Plan

_LOADED: dict[str, Loaded] = {}  #: executable code of this process; programs of equal plans share it


def build(plan: Plan, cache: bool = True) -> Mapping[str, Entry]:
    """The program's functions by name; with ``cache`` the object file is kept, and taken where it is there."""
    key = cache_key(str(plan.network), str(plan.batch), plan.loss, repr(plan.target), repr(plan.kernels), toolchain())
    if key not in _LOADED or not cache:
        _LOADED[key] = _load(plan, key, cache)
    return _LOADED[key].entries


def _load(plan: Plan, key: str, cache: bool) -> Loaded:
    code = read_object(key) if cache else None
    if code is not None:
        return Loaded(code, plan.target, ENTRIES)
    code = assemble(program_ir(plan), plan.target)
    if cache:
        write_object(key, code)
    return Loaded(code, plan.target, ENTRIES)
