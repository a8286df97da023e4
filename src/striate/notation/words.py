"""The words of the notation, and what people write instead."""

from __future__ import annotations

import re
import unicodedata
from difflib import get_close_matches

from striate.layers import LAYERS, Layer

__all__ = ["is_layer_like", "unknown_layer", "unknown_setting"]

_MEANT = {
    "CONVOLUTION": "CONV", "CONVOLUTIONAL": "CONV", "CONVNET": "CONV", "FILTER": "CONV",
    "MAXPOOL": "POOL", "POOLING": "POOL", "MAXPOOLING": "POOL", "MAX": "POOL", "MP": "POOL",
    "LINEAR": "FC", "DENSE": "FC", "FULL": "FC", "FULLY": "FC", "IP": "FC", "OUTPUT": "FC",
    "ACTIVATION": "RELU", "RECTIFIER": "RELU", "IMAGE": "INPUT", "IN": "INPUT", "DATA": "INPUT",
    "DROP": "DROPOUT", "BATCHNORM": "BN", "BATCHNORMALIZATION": "BN", "BATCHNORMALISATION": "BN", "BATCH": "BN",
    "LOCALLY": "LOCAL", "LC": "LOCAL", "UNSHARED": "LOCAL",
    "GLOBALPOOL": "GAP", "GLOBALPOOLING": "GAP", "GLOBALAVERAGEPOOL": "GAP", "GLOBALAVGPOOL": "GAP", "GLOBAL": "GAP",
    "RESPONSENORM": "LRN", "LOCALRESPONSENORM": "LRN", "LRNORM": "LRN",
    "LEAKYRELU": "LEAKY", "LRELU": "LEAKY", "PRELU": "LEAKY", "SWISH": "SILU", "LOGISTIC": "SIGMOID", "SIGM": "SIGMOID",
    "MOUT": "MAXOUT",
}  # fmt: skip
_ELSEWHERE = {
    "SOFTMAX": "it is a loss; end with FC and say loss='softmax'",
    "SVM": "it is a loss; end with FC and say loss='svm'",
    "LOSS": "end with FC and say loss='softmax' or loss='svm'",
    "FLATTEN": "FC takes any volume as it is: leave FLATTEN out",
    "ADD": "what a group makes and its input are added by ( ... )+ around the group",
    "SUM": "what a group makes and its input are added by ( ... )+ around the group",
    "RESIDUAL": "write ( ... )+ around the group that its input is added to",
    "SKIP": "write ( ... )+ around the group that its input is added to",
    "SHORTCUT": "write ( ... )+ around the group that its input is added to",
    "IDENTITY": "a way without layers is a dot, as in { . | CONV[4] }",
    "CONCAT": "ways are put one behind the other by { ... | ... } around them",
    "CONCATENATE": "ways are put one behind the other by { ... | ... } around them",
    "BRANCH": "ways are put one behind the other by { ... | ... } around them",
    **dict.fromkeys(("AVGPOOL", "AVERAGEPOOL", "MEANPOOL"), "it is POOL with a word, as in POOL[3x3, S=2, average]"),
    **dict.fromkeys(("LPPOOL", "NORMPOOL"), "it is POOL with a word, as in POOL[3x3, S=2, l2]"),
}
_NETWORKS = {
    "VGG": "vgg-16", "ALEXNET": "alexnet", "LENET": "lenet-5", "ZFNET": "zfnet", "CONVNETJS": "convnetjs-cifar10",
    "TINYVGG": "tiny-vgg", "TINY": "tiny-vgg", "RESNET": "resnet-18", "GOOGLENET": "googlenet",
    "INCEPTION": "googlenet",
}  # fmt: skip
_LETTERS = {
    "FILTERS": "K", "KERNELS": "K", "DEPTH": "K", "CHANNELS": "K", "FIELD": "F", "FILTER": "F", "KERNEL": "F",
    "SIZE": "F", "STRIDE": "S", "STRIDES": "S", "PAD": "P", "PADDING": "P", "ZEROS": "P",
    "WIDTH": "W", "HEIGHT": "H", "N": "n", "OUTPUTS": "n", "NEURONS": "n", "UNITS": "n", "CLASSES": "n",
    "DILATE": "dilation", "DILATIONS": "dilation", "ATROUS": "dilation", "GROUP": "groups", "DEPTHWISE": "groups",
    "EPSILON": "eps", "RATE": "p", "PROBABILITY": "p", "SHARE": "p", "BIAS": "k", "ALPHA": "a", "SLOPE": "a",
    "PIECES": "k",
}  # fmt: skip
_SIZES = ("SIZE", "DEPTH", "SLICES")  # which LRN calls n


def is_layer_like(word: str, near: float) -> bool:
    """Whether a word is a layer, is written instead of one, or is like one: by ``near``, from 0 to 1.

    >>> is_layer_like("Conv", 0.9), is_layer_like("dense", 0.9), is_layer_like("RLEU", 0.5), is_layer_like("cats", 0.5)
    (True, True, True, False)
    """
    upper = word.upper()
    return upper in LAYERS or upper in _MEANT or upper in _ELSEWHERE or bool(get_close_matches(upper, LAYERS, 1, near))


def unknown_layer(word: str) -> str:
    """The message for a word that is no layer, with the nearest one that is.

    >>> print(unknown_layer("Rleu").partition(",")[0])
    Rleu is no layer: did you mean RELU? The layers are INPUT
    """
    upper = word.upper()
    if upper in _NETWORKS:
        return f"{word} is a network, not a layer: its name stands alone, in place of a line, as in {_NETWORKS[upper]}"
    if re.sub("[0-9]+D$", "", upper) in _ELSEWHERE:
        return f"{word} is no layer: {_ELSEWHERE[re.sub('[0-9]+D$', '', upper)]}"
    base = re.sub("[0-9]+D$", "", upper)  # as in other programs' CONV2D
    near = [base] if base in LAYERS else [_MEANT[base]] if base in _MEANT else get_close_matches(upper, LAYERS, 1, 0.5)
    near, other = near[:1], next((letter for letter in word if not letter.isascii()), "")
    if near and other:
        script = unicodedata.name(other, "a letter of another script")
        return f"{word} is no layer, for its {other} is {script}: did you mean {near[0]}?"
    known = f"he layers are {', '.join(LAYERS)}"
    return f"{word} is no layer: " + (f"did you mean {near[0]}? T{known}" if near else f"t{known}")


def unknown_setting(word: str, layer: type[Layer]) -> str:
    """The message for a setting that ``layer`` does not have, with those that it has."""
    upper = word.upper()
    letters = [setting.letter for setting in layer.settings]
    has_fit = hasattr(layer, "fit")
    meant = "n" if layer.number == "n" and upper in _SIZES else _LETTERS.get(upper)
    guess = f"did you mean {meant}? " if meant in letters else ""
    if has_fit and not guess and get_close_matches(upper.lower(), ["fit"], 1, 0.6):
        guess = "did you mean fit? "
    known = [f"{setting.letter} ({setting.meaning})" for setting in layer.settings]
    known += ["fit (raise, pad or crop)"] if has_fit else []
    known += [f"the words {' | '.join(layer.words)}"] if layer.words else []
    return f"{layer.kind} has no {word}: {guess}{'I' if guess else 'i'}t has {', '.join(known)}"
