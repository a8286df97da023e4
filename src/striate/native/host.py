"""The processor at hand: which target it is, and how LLVM is told to write for it."""

from __future__ import annotations

import platform
from functools import lru_cache
from typing import Any

import llvmlite
from llvmlite import binding as llvm

from striate.errors import ArgumentError
from striate.plan.target import TARGETS, Target


@lru_cache(maxsize=1)
def _machine() -> str:
    names = {"amd64": "x86_64", "arm64": "aarch64"}
    machine = platform.machine().lower()
    return names.get(machine, machine)


@lru_cache(maxsize=1)
def _features() -> frozenset[str]:
    return frozenset(name for name, there in llvm.get_host_cpu_features().items() if there)


def runs_here(target: Target) -> bool:
    """Whether this processor has all that the target needs."""
    return target.machine == _machine() and _features().issuperset(target.needs)


def choose_target(name: str | None = None) -> Target:
    """The target of that name, or the best one that runs here.

    Raises ArgumentError for an unknown name, or one that this processor cannot run.
    """
    able = [target for target in TARGETS.values() if runs_here(target)]
    if name is None:
        if not able:
            raise ArgumentError(f"no target for this processor ({_machine()}); there are {', '.join(TARGETS)}")
        return able[0]
    if name not in TARGETS:
        raise ArgumentError(f"target is one of {', '.join(TARGETS)}, not {name!r}")
    if TARGETS[name] not in able:
        runs = ", ".join(target.name for target in able)
        raise ArgumentError(f"this processor cannot run target {name}; it runs {runs}")
    return TARGETS[name]


def target_machine(target: Target) -> Any:
    """LLVM's code generator for the target."""
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    return llvm.Target.from_default_triple().create_target_machine(
        cpu=target.cpu, features=target.features, opt=3, jit=True
    )


def toolchain() -> str:
    """What the machine code of equal IR depends on, besides the target."""
    version = ".".join(map(str, llvm.llvm_version_info))
    return f"llvmlite {llvmlite.__version__}, LLVM {version}, {llvm.get_default_triple()}"
