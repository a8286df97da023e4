"""The words of the notation, and what people write instead."""

from __future__ import annotations

import re
import unicodedata
from difflib import get_close_matches

from striate.layers import LAYERS, Layer
from striate.layers.sides import EACH

__all__ = ["is_layer_like", "unknown_layer", "unknown_setting"]

_MEANT = {
    "FILTER": "CONV", "MAXPOOL": "POOL", "MAX": "POOL", "MP": "POOL", "SUBSAMPLE": "POOL", "SUBSAMPLING": "POOL",
    "LINEAR": "FC", "DENSE": "FC", "FULL": "FC", "FULLY": "FC", "FULLYCONNECTED": "FC", "IP": "FC",
    "INNERPRODUCT": "FC", "OUTPUT": "FC", "AFFINE": "FC", "GEMM": "FC", "ACTIVATION": "RELU", "RECTIFIER": "RELU",
    "IMAGE": "INPUT", "IN": "INPUT", "DATA": "INPUT", "DROP": "DROPOUT", "BATCHNORM": "BN", "BATCH": "BN",
    "LOCALLY": "LOCAL", "LOCALLYCONNECTED": "LOCAL", "LC": "LOCAL", "UNSHARED": "LOCAL",
    "GLOBALPOOL": "GAP", "GLOBALAVGPOOL": "GAP", "ADAPTIVEAVGPOOL": "GAP", "GLOBAL": "GAP",
    "RESPONSENORM": "LRN", "LOCALRESPONSENORM": "LRN", "LRNORM": "LRN",
    "LEAKYRELU": "LEAKY", "LRELU": "LEAKY", "PRELU": "LEAKY", "SWISH": "SILU", "LOGISTIC": "SIGMOID", "SIGM": "SIGMOID",
    "MOUT": "MAXOUT",
}  # fmt: skip
_SAME = (("POOLING", "POOL"), ("AVERAGE", "AVG"), ("MEANPOOL", "AVGPOOL"), ("NORMALI[SZ]ATION", "NORM"),
         ("CONVOLUTION(AL)?|CONVNET", "CONV"), ("(DEPTHWISE|SEPARABLE|POINTWISE)CONV", r"\1"))  # fmt: skip
_WINDOW = "it is POOL with a word, as in POOL[{word}] or POOL[3x3, S=2, {word}]"
_ADDED = "what a group makes and its input are added by ( ... )+ around the group"
_GROUP = "write ( ... )+ around the group that its input is added to"
_BEHIND = "ways are put one behind the other by { ... | ... } around them"
_SLOPES = "of functions there are RELU, LEAKY, ELU, GELU, SILU, SIGMOID and TANH: take one of these"
_NORMS = "to normalise there are BN, over a batch, and LRN, over the slices at a position: take one of these"
_LARGER = "there is none that makes a volume larger: leave it out"
_ELSEWHERE = {
    "SOFTMAX": "it is a loss; end with FC and say loss='softmax'",
    **dict.fromkeys(("CROSSENTROPY", "LOGSOFTMAX", "NLL"), "it is a loss; end with FC and say loss='softmax'"),
    **dict.fromkeys(("SVM", "HINGE"), "it is a loss; end with FC and say loss='svm'"),
    "MSE": "it is a loss; end with FC and say loss='l2'",
    "LOSS": "end with FC and say loss='softmax' or loss='svm'",
    **dict.fromkeys(("FLATTEN", "RESHAPE"), "FC takes any volume as it is: leave it out"),
    **dict.fromkeys(("ADD", "SUM"), _ADDED),
    **dict.fromkeys(("RESIDUAL", "SKIP", "SHORTCUT"), _GROUP),
    "IDENTITY": "a way without layers is a dot, as in { . | CONV[4] }",
    **dict.fromkeys(("CONCAT", "CONCATENATE", "BRANCH"), _BEHIND),
    "AVGPOOL": _WINDOW.format(word="average"),
    **dict.fromkeys(("LPPOOL", "NORMPOOL", "L2POOL"), _WINDOW.format(word="l2")),
    **dict.fromkeys(
        ("GLOBALMAXPOOL", "ADAPTIVEMAXPOOL"), "POOL does that with a window of its input's size, as in POOL[8x8]"
    ),
    **dict.fromkeys(("DEPTHWISE", "DWCONV"), "it is CONV with a group for each slice, as in CONV[16, groups=each]"),
    "POINTWISE": "it is CONV with filters of one position, as in CONV[16, 1x1]",
    "SEPARABLE": "it is two layers, as in CONV[16, groups=each] - CONV[32, 1x1]",
    **dict.fromkeys(("SELU", "CELU", "SOFTPLUS", "SOFTSIGN", "MISH", "HARDSWISH", "HARDSIGMOID", "HARDTANH"), _SLOPES),
    **dict.fromkeys(("NORM", "LAYERNORM", "GROUPNORM", "INSTANCENORM", "RMSNORM"), _NORMS),
    **dict.fromkeys(("DECONV", "CONVTRANSPOSE", "TRANSPOSEDCONV", "UPSAMPLE", "UPSAMPLING", "UNPOOL"), _LARGER),
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
    "DILATE": "dilation", "DILATED": "dilation", "DILATIONS": "dilation", "ATROUS": "dilation", "GROUP": "groups",
    "EPSILON": "eps", "RATE": "p", "PROBABILITY": "p", "SHARE": "p", "BIAS": "k", "ALPHA": "a", "SLOPE": "a",
    "PIECES": "k",
}  # fmt: skip
_EACH = ("DEPTHWISE", "EACH")  # which say how many groups a CONV has
_SIZES = ("SIZE", "DEPTH", "SLICES")  # which LRN calls n


def is_layer_like(word: str, near: float) -> bool:
    """Whether a word is a layer, is written instead of one, or is like one: by ``near``, from 0 to 1.

    >>> is_layer_like("Conv", 0.9), is_layer_like("dense", 0.9), is_layer_like("RLEU", 0.5), is_layer_like("cats", 0.5)
    (True, True, True, False)
    """
    upper = word.upper()
    base = _base(word)
    return base in LAYERS or base in _MEANT or base in _ELSEWHERE or bool(get_close_matches(upper, LAYERS, 1, near))


def unknown_layer(word: str) -> str:
    """The message for a word that is no layer, with the nearest one that is.

    >>> print(unknown_layer("Rleu").partition(",")[0])
    Rleu is no layer: did you mean RELU? The layers are INPUT
    """
    upper = word.upper()
    if upper in _NETWORKS:
        return f"{word} is a network, not a layer: its name stands alone, in place of a line, as in {_NETWORKS[upper]}"
    base = _base(word)
    if base in _ELSEWHERE:
        return f"{word} is no layer: {_ELSEWHERE[base]}"
    near = [base] if base in LAYERS else [_MEANT[base]] if base in _MEANT else get_close_matches(upper, LAYERS, 1, 0.5)
    near, other = near[:1], next((letter for letter in word if not letter.isascii()), "")
    if near and other:
        script = unicodedata.name(other, "a letter of another script")
        return f"{word} is no layer, for its {other} is {script}: did you mean {near[0]}?"
    known = f"he layers are {', '.join(LAYERS)}"
    return f"{word} is no layer: " + (f"did you mean {near[0]}? T{known}" if near else f"t{known}")


def _base(word: str) -> str:
    """The word in capital letters as the tables above have it: without other programs' 2D, and in its short form."""
    base = re.sub("[0-9]+D$", "", word.upper())
    for long, short in _SAME:
        base = re.sub(long, short, base)
    return base


def unknown_setting(word: str, layer: type[Layer]) -> str:
    """The message for a setting that ``layer`` does not have, with those that it has."""
    upper = word.upper()
    letters = [setting.letter for setting in layer.settings]
    has_fit = hasattr(layer, "fit")
    meant = "n" if layer.number == "n" and upper in _SIZES else _LETTERS.get(upper)
    if upper in _EACH and "groups" in letters:
        letters, meant = [f"groups={EACH}"], f"groups={EACH}"
    guess = f"did you mean {meant}? " if meant in letters else ""
    if has_fit and not guess and get_close_matches(upper.lower(), ["fit"], 1, 0.6):
        guess = "did you mean fit? "
    known = [f"{setting.letter} ({setting.meaning})" for setting in layer.settings]
    known += ["fit (raise, pad or crop)"] if has_fit else []
    known += [f"the words {' | '.join(layer.words)}"] if layer.words else []
    return f"{layer.kind} has no {word}: {guess}{'I' if guess else 'i'}t has {', '.join(known)}"
