"""The embedded set: 1797 handwritten digits, so that the first training needs no download.

Source: E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten Digits, UCI Machine Learning
Repository, 1998, doi:10.24432/C50P49, its test part, licence CC BY 4.0. Values 0..16 were scaled to
0..255 (tools/make_digits.py); nothing else was changed.
"""

from __future__ import annotations

from pathlib import Path

from striate.data.dataset import Splits
from striate.data.npz import read_npz


def read_digits() -> Splits:
    """Return the digits: 1797 images [8x8x1] uint8 of the classes "0".."9"; no test part of their own.

    Raises DataError where the installation is damaged.

    >>> print(read_digits().train)
    digits: 1797 images [8x8x1] uint8, 10 classes
    """
    return read_npz(Path(__file__).with_name("digits.npz"), "digits")
