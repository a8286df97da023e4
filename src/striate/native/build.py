"""Plan -> functions: from the disk where they were built before, else through LLVM."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from weakref import WeakValueDictionary

from striate.emit.interface import ENTRIES, FOLD_ENTRIES
from striate.native.assemble import Loaded, assemble, give_back
from striate.native.cache import cache_key, read_object, write_object
from striate.native.fork import open_at_fork
from striate.native.host import toolchain
from striate.plan.plan import Plan

#: Executable code of this process, by key, for as long as a program uses it: programs of equal plans share it.
_LOADED: WeakValueDictionary[str, Loaded] = WeakValueDictionary()
_LOCK = open_at_fork(
    threading.RLock()
)  #: one compilation at a time; the second of two equal ones finds the first's code


def needed(plan: Plan, entries: Iterable[str]) -> tuple[str, ...]:
    """The entries, and with BN the one that makes scales and shifts of it for scores."""
    return (*entries, *FOLD_ENTRIES) if plan.folds else tuple(entries)


def build(plan: Plan, cache: bool = True, entries: Iterable[str] = tuple(ENTRIES)) -> Loaded:
    """The code of some of the program's functions; with ``cache`` the object file is kept on disk, and taken where it
    is there."""
    names = needed(plan, entries)
    decided = map(repr, (plan.target, plan.kernels, plan.order, plan.inside, plan.update))
    key = cache_key(*map(str, (plan.network, plan.batch, plan.loss, *decided, names, toolchain())))
    with _LOCK:
        loaded = _LOADED.get(key) if cache else None
        if loaded is None:
            loaded = _load(plan, key, cache, names)
            if cache:
                _LOADED[key] = loaded
        return loaded


def _load(plan: Plan, key: str, cache: bool, names: tuple[str, ...]) -> Loaded:
    code = read_object(key) if cache else None
    if code is not None:
        return Loaded(code, plan.target, names)
    from striate.emit.llvm_program import program_ir  # emitters are imported by those who compile

    code = assemble(program_ir(plan, names), plan.target)
    give_back()
    if cache:
        write_object(key, code)
    return Loaded(code, plan.target, names)
