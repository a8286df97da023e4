"""Images and models that a browser sends: limited while they stream, decoded in a worker."""

from __future__ import annotations

LIMITS = {"image_bytes": 16 << 20, "image_pixels": 40_000_000, "model_bytes": 1 << 30}
