"""Make src/striate/data/digits.npz from scikit-learn's copy of the UCI digits.

Source: E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten Digits, UCI Machine Learning
Repository, 1998, doi:10.24432/C50P49, licence CC BY 4.0. scikit-learn carries its test part: 1797
images of 8x8 pixels with values 0..16. Here 0..16 is scaled to 0..255, rounded; nothing else changes.

Run it from the repository's root where scikit-learn is installed:  python tools/make_digits.py
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits

TARGET = Path(__file__).resolve().parents[1] / "src" / "striate" / "data" / "digits.npz"


def main() -> None:
    """Write the file and say its size."""
    digits = load_digits()
    images = np.rint(digits.images * (255 / 16)).astype(np.uint8)[..., np.newaxis]
    np.savez_compressed(
        TARGET,
        images=images,
        labels=digits.target.astype(np.uint8),
        classes=np.array([str(name) for name in digits.target_names]),
    )
    print(f"{TARGET.name}: {len(images)} images, {TARGET.stat().st_size} bytes")


if __name__ == "__main__":
    main()
