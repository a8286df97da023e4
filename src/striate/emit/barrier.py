"""How threads wait for each other in native code."""

from __future__ import annotations

SPINS = 300  #: turns of a waiting thread before it offers its processor to others

BARRIER = """define internal void @barrier(ptr %sync, i64 %threads, ptr %pause) noinline nounwind {
entry:
  %generation = getelementptr i8, ptr %sync, i64 64
  %now = load atomic i64, ptr %generation acquire, align 64
  %arrived = atomicrmw add ptr %sync, i64 1 acq_rel
  %next = add i64 %arrived, 1
  %last = icmp eq i64 %next, %threads
  br i1 %last, label %open, label %wait
open:
  store atomic i64 0, ptr %sync monotonic, align 64
  %later = add i64 %now, 1
  store atomic i64 %later, ptr %generation release, align 64
  ret void
wait:
  %turn = phi i64 [ 0, %entry ], [ %more, %again ]
  %seen = load atomic i64, ptr %generation acquire, align 64
  %same = icmp eq i64 %seen, %now
  br i1 %same, label %spin, label %done
spin:
  RELAX
  %more = add i64 %turn, 1
  %patient = icmp slt i64 %turn, SPINS
  br i1 %patient, label %again, label %yield
yield:
  call void %pause()
  br label %again
again:
  br label %wait
done:
  ret void
}"""


def relaxing(x86: bool) -> tuple[str, str]:
    """What a thread does between two looks at what it waits for, and the declaration that this wants."""
    if x86:
        return "call void @llvm.x86.sse2.pause()", "declare void @llvm.x86.sse2.pause()"
    return "fence acquire", ""
