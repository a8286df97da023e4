"""What the planner and the emitters need to know of a processor: one row each."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Target:
    """A family of processors: float32 numbers a vector holds, vector registers, and how LLVM calls it.

    ``cpu`` and ``features`` select the instructions; ``needs`` are the features a host must report.
    """

    name: str
    lanes: int
    registers: int
    cpu: str
    features: str = ""
    needs: tuple[str, ...] = ()
    machine: str = "x86_64"

    @property
    def x86(self) -> bool:
        """Whether the target is an x86 processor."""
        return self.machine == "x86_64"

    def __str__(self) -> str:
        return f"{self.name}: {self.lanes} lanes, {self.registers} registers"


#: Best first. Each can be forced by its name.
TARGETS: dict[str, Target] = {
    target.name: target
    for target in (
        Target(
            "avx512",
            16,
            32,
            "x86-64-v4",
            "-prefer-256-bit",
            ("avx512f", "avx512bw", "avx512dq", "avx512vl", "fma"),
        ),
        Target("avx2", 8, 16, "x86-64-v3", needs=("avx2", "fma")),
        Target("sse2", 4, 16, "x86-64", needs=("sse2",)),
        Target("neon", 4, 32, "generic", machine="aarch64"),
    )
}
