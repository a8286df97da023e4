"""What the tests of the command line share: how it is called, and two lines to call it with."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

TINY = "INPUT[8x8x1] - CONV[4] - RELU - POOL - FC[10]"
VGG = "INPUT[32x32x3] - [[CONV[10] - RELU]*2 - POOL]*3 - FC[10]"
COMMAND = [sys.executable, "-m", "striate.cli"]

Run = Callable[..., "subprocess.CompletedProcess[str]"]
