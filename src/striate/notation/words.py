"""The words of the notation, and what people write instead."""

from __future__ import annotations

from difflib import get_close_matches

from striate.layers import LAYERS, Layer

__all__ = ["unknown_layer", "unknown_setting"]

_MEANT = {
    "CONVOLUTION": "CONV", "CONVOLUTIONAL": "CONV", "CONVD": "CONV", "CONVNET": "CONV", "FILTER": "CONV",
    "MAXPOOL": "POOL", "POOLING": "POOL", "MAXPOOLING": "POOL", "MAX": "POOL", "MP": "POOL",
    "LINEAR": "FC", "DENSE": "FC", "FULL": "FC", "FULLY": "FC", "IP": "FC", "OUTPUT": "FC",
    "ACTIVATION": "RELU", "RECTIFIER": "RELU", "IMAGE": "INPUT", "IN": "INPUT", "DATA": "INPUT",
    "DROP": "DROPOUT", "BATCHNORM": "BN", "BATCHNORMALIZATION": "BN", "BATCHNORMALISATION": "BN", "BATCH": "BN",
}  # fmt: skip
_ELSEWHERE = {
    "SOFTMAX": "it is a loss; end with FC and say loss='softmax'",
    "SVM": "it is a loss; end with FC and say loss='svm'",
    "LOSS": "end with FC and say loss='softmax' or loss='svm'",
    "FLATTEN": "FC takes any volume as it is: leave FLATTEN out",
    "AVGPOOL": "POOL takes the maximum; there is no average here",
}
_LETTERS = {
    "FILTERS": "K", "KERNELS": "K", "DEPTH": "K", "CHANNELS": "K", "FIELD": "F", "FILTER": "F", "KERNEL": "F",
    "SIZE": "F", "STRIDE": "S", "STRIDES": "S", "PAD": "P", "PADDING": "P", "ZEROS": "P",
    "WIDTH": "W", "HEIGHT": "H", "N": "n", "OUTPUTS": "n", "NEURONS": "n", "UNITS": "n", "CLASSES": "n",
    "EPSILON": "eps", "RATE": "p", "PROBABILITY": "p", "SHARE": "p",
}  # fmt: skip


def unknown_layer(word: str) -> str:
    """The message for a word that is no layer, with the nearest one that is.

    >>> print(unknown_layer("Rleu"))
    Rleu is no layer: did you mean RELU? The layers are INPUT, CONV, RELU, POOL, FC, DROPOUT, BN
    """
    upper = word.upper()
    if upper in _ELSEWHERE:
        return f"{word} is no layer: {_ELSEWHERE[upper]}"
    near = [_MEANT[upper]] if upper in _MEANT else get_close_matches(upper, LAYERS, 1, 0.5)
    known = f"he layers are {', '.join(LAYERS)}"
    return f"{word} is no layer: " + (f"did you mean {near[0]}? T{known}" if near else f"t{known}")


def unknown_setting(word: str, layer: type[Layer]) -> str:
    """The message for a setting that ``layer`` does not have, with those that it has."""
    letters = [setting.letter for setting in layer.settings]
    has_fit = hasattr(layer, "fit")
    meant = _LETTERS.get(word.upper())
    guess = f"did you mean {meant}? " if meant in letters else ""
    if has_fit and not guess and get_close_matches(word.lower(), ["fit"], 1, 0.6):
        guess = "did you mean fit? "
    known = [f"{setting.letter} ({setting.meaning})" for setting in layer.settings]
    known += ["fit (raise, pad or crop)"] if has_fit else []
    return f"{layer.kind} has no {word}: {guess}{'I' if guess else 'i'}t has {', '.join(known)}"
