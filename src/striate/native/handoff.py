"""Calls passed on to threads that are still awake, without Python: in a microsecond instead of tens.

Every member of a team has a box: a line with its state, and a line with the call it shall make. After a call a member
lingers for a moment in native code; whoever leads finds it there, or else wakes it through Python.
"""

from __future__ import annotations

import ctypes
import time
from typing import Any

import numpy as np

from striate.emit.barrier import SPINS, relaxing
from striate.intake import address
from striate.native.aligned import aligned_zeros
from striate.native.assemble import Loaded, assemble
from striate.native.host import choose_target

BOX = 128  #: bytes: state in the first cache line; entry, context and threads in the second
MOST = 64  #: boxes
TURNS = 6000  #: turns for which a member lingers, about 0.25 ms: longer than Python takes from one step to the next

#: A member's state. The member itself makes ASLEEP of WAITING or RECALLED, and WAITING of ASLEEP or CALLED.
ASLEEP, WAITING, CLAIMED, CALLED, RECALLED = range(5)

IR = f"""define void @linger(ptr %box, i64 %rank, ptr %pause) nounwind {{
entry:
  store atomic i64 {WAITING}, ptr %box release, align 8
  br label %look
look:
  %turn = phi i64 [ 0, %entry ], [ %more, %go.on ], [ 0, %call ], [ 0, %stay ]
  %state = load atomic i64, ptr %box acquire, align 8
  switch i64 %state, label %wait [ i64 {CALLED}, label %call  i64 {RECALLED}, label %back ]
call:
  %second = getelementptr i8, ptr %box, i64 64
  %entry.point = load ptr, ptr %second, align 8
  %third = getelementptr i8, ptr %box, i64 72
  %context = load ptr, ptr %third, align 8
  %fourth = getelementptr i8, ptr %box, i64 80
  %threads = load i64, ptr %fourth, align 8
  call void %entry.point(ptr %context, i64 %rank, i64 %threads)
  store atomic i64 {WAITING}, ptr %box release, align 8
  br label %look
wait:
  RELAX
  %more = add i64 %turn, 1
  %late = icmp sgt i64 %more, {TURNS}
  br i1 %late, label %leave, label %politely
politely:
  %beat = and i64 %more, 15
  %offer = icmp eq i64 %beat, 0
  br i1 %offer, label %offering, label %go.on
offering:
  call void %pause()
  br label %go.on
go.on:
  br label %look
leave:
  %left = cmpxchg ptr %box, i64 {WAITING}, i64 {ASLEEP} acq_rel monotonic
  %gone = extractvalue {{ i64, i1 }} %left, 1
  br i1 %gone, label %end, label %stay
stay:
  br label %look
back:
  store atomic i64 {ASLEEP}, ptr %box release, align 8
  br label %end
end:
  ret void
}}

define i64 @lead(ptr %boxes, i64 %threads, ptr %entry.point, ptr %context, ptr %pause) nounwind {{
entry:
  br label %claim
claim:
  %c = phi i64 [ 1, %entry ], [ %c.next, %claimed ]
  %c.box = call ptr @box(ptr %boxes, i64 %c)
  %c.tried = cmpxchg ptr %c.box, i64 {WAITING}, i64 {CLAIMED} acq_rel monotonic
  %c.done = extractvalue {{ i64, i1 }} %c.tried, 1
  br i1 %c.done, label %claimed, label %recall
claimed:
  %c.next = add i64 %c, 1
  %c.more = icmp slt i64 %c.next, %threads
  br i1 %c.more, label %claim, label %send
recall:
  %r = phi i64 [ 1, %claim ], [ %r.next, %recalled ]
  %r.box = call ptr @box(ptr %boxes, i64 %r)
  %r.claimed = cmpxchg ptr %r.box, i64 {CLAIMED}, i64 {RECALLED} acq_rel monotonic
  %r.waiting = cmpxchg ptr %r.box, i64 {WAITING}, i64 {RECALLED} acq_rel monotonic
  br label %recalled
recalled:
  %r.next = add i64 %r, 1
  %r.more = icmp slt i64 %r.next, %threads
  br i1 %r.more, label %recall, label %failed
failed:
  ret i64 0
send:
  %s = phi i64 [ 1, %claimed ], [ %s.next, %send ]
  %s.box = call ptr @box(ptr %boxes, i64 %s)
  %second = getelementptr i8, ptr %s.box, i64 64
  store ptr %entry.point, ptr %second, align 8
  %third = getelementptr i8, ptr %s.box, i64 72
  store ptr %context, ptr %third, align 8
  %fourth = getelementptr i8, ptr %s.box, i64 80
  store i64 %threads, ptr %fourth, align 8
  store atomic i64 {CALLED}, ptr %s.box release, align 8
  %s.next = add i64 %s, 1
  %s.more = icmp slt i64 %s.next, %threads
  br i1 %s.more, label %send, label %own
own:
  call void %entry.point(ptr %context, i64 0, i64 %threads)
  br label %meet
meet:
  %m = phi i64 [ 1, %own ], [ %m.next, %met ]
  %m.box = call ptr @box(ptr %boxes, i64 %m)
  br label %look
look:
  %turn = phi i64 [ 0, %meet ], [ %more, %again ]
  %state = load atomic i64, ptr %m.box acquire, align 8
  %inside = icmp eq i64 %state, {CALLED}
  br i1 %inside, label %spin, label %met
spin:
  RELAX
  %more = add i64 %turn, 1
  %patient = icmp slt i64 %turn, {SPINS}
  br i1 %patient, label %again, label %offering
offering:
  call void %pause()
  br label %again
again:
  br label %look
met:
  %m.next = add i64 %m, 1
  %m.more = icmp slt i64 %m.next, %threads
  br i1 %m.more, label %meet, label %done
done:
  ret i64 1
}}

define internal ptr @box(ptr %boxes, i64 %rank) nounwind alwaysinline {{
entry:
  %offset = mul i64 %rank, {BOX}
  %box = getelementptr i8, ptr %boxes, i64 %offset
  ret ptr %box
}}
"""


class Handoff:
    """The boxes of a team, and the two functions that look into them."""

    def __init__(self, pause: int) -> None:
        target = choose_target()
        relax, declarations = relaxing(target.x86)
        code = assemble(IR.replace("RELAX", relax) + declarations, target)
        self._loaded: Any = Loaded(code, target, ())  # the functions are there as long as this is
        where = self._loaded.address
        self._linger = ctypes.CFUNCTYPE(None, *[ctypes.c_void_p, ctypes.c_int64, ctypes.c_void_p])(where("linger"))
        kinds: list[Any] = [ctypes.c_void_p, ctypes.c_int64, *[ctypes.c_void_p] * 3]
        self._lead = ctypes.CFUNCTYPE(ctypes.c_int64, *kinds)(where("lead"))
        self._memory = aligned_zeros(MOST * BOX)
        self._boxes, self._pause, self._closed = address(self._memory), pause, False

    def linger(self, rank: int) -> None:
        """Wait for calls a little while, and make those that come."""
        if not self._closed:
            self._linger(self._boxes + rank * BOX, rank, self._pause)

    def close(self) -> None:
        """Wait until nobody lingers; afterwards nobody begins to."""
        self._closed = True
        while (self._memory.view(np.int64)[:: BOX // 8] != ASLEEP).any():
            time.sleep(TURNS / 1e7)

    def lead(self, entry: int, context: int, threads: int) -> bool:
        """Call the function at ``entry`` on every rank, and return when all have returned.

        False where somebody is asleep: then nothing was called, and all who wait are on their way back to Python.
        """
        return not self._closed and bool(self._lead(self._boxes, threads, entry, context, self._pause))
