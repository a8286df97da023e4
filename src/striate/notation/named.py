"""Networks with a name: each is one line of notation, and its name may stand wherever a line may.

    named = name [ "[" entry { "," entry } "]" ]        as vgg-16, or vgg-16[64x64x3, 10]
    entry = width "x" height "x" depth | number of classes

Names may be of any case, and their dashes may be left out: VGG16 is vgg-16.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches

from striate.errors import NotationError
from striate.layers import LAYERS
from striate.notation.words import is_layer_like

__all__ = ["NAMED", "Expanded", "Named", "expand", "is_name"]


@dataclass(frozen=True)
class Named:
    """A network with a name. ``pattern`` is its line, with ``{input}`` and ``{classes}`` where those stand.

    ``parameters``: how many weights and biases it has as it is in the table, published by ``source`` or counted
    there layer by layer.

    >>> NAMED["tiny-vgg"].line(classes="100")
    'INPUT[32x32x3] - [[CONV[10] - RELU]*2 - POOL]*3 - FC[100]'
    """

    name: str
    input: str
    classes: int
    pattern: str
    parameters: int
    source: str

    def line(self, input: str = "", classes: str = "") -> str:
        """The line of notation, for other images or another number of classes if they are given."""
        return self.pattern.format(input=input or self.input, classes=classes or self.classes)


def _vgg(layers: int, blocks: str, parameters: int) -> Named:
    """A VGG net: CONVs of 3x3 and POOLs of 2x2 from beginning to end."""
    pattern = "INPUT[{input}] - " + blocks + " - [FC[4096] - RELU - DROPOUT]*2 - FC[{classes}]"
    return Named(f"vgg-{layers}", "224x224x3", 1000, pattern, parameters, _VGG)


def _residual(layers: int, first: str, widths: dict[int, int], deep: bool, parameters: int, size: str, classes: int,
              source: str) -> Named:  # fmt: skip
    """A residual net. ``first`` makes the first volume; ``widths``: of each stage, its filters and how many groups it
    has; ``deep``: groups of 1x1, 3x3 and 1x1 filters, four times as many at the end, in place of two of 3x3.

    The first group of each stage but the first halves the sides. Where a group changes the volume, a CONV of 1x1
    filters makes the shortcut fit.
    """
    stages, times = [], 4 if deep else 1
    for stage, (width, groups) in enumerate(widths.items()):
        halving, last = (", S=2, fit=crop" if stage else ""), width * times
        ways = []
        for stride in (halving, ""):
            convs = [f"{width}, 1x1", f"{width}{stride}", f"{last}, 1x1"] if deep else [f"{width}{stride}", f"{width}"]
            ways.append(" - RELU - ".join(f"CONV[{conv}] - BN" for conv in convs))
        alike = not stage and times == 1
        head = [] if alike else [f"( {ways[0]} | CONV[{last}, 1x1{halving}] - BN )+ - RELU"]
        rest = groups - len(head)
        group = f"( {ways[1]} )+ - RELU"
        stages += [*head, f"[{group}]*{rest}" if rest > 1 else group]
    pattern = " - ".join(["INPUT[{input}]", first, *stages, "GAP", "FC[{classes}]"])
    return Named(f"resnet-{layers}", size, classes, pattern, parameters, source)


def _inception(ones: int, narrow3: int, threes: int, narrow5: int, fives: int, pooled: int) -> str:
    """The four ways of an inception group: 1x1 filters, 3x3 twice behind 1x1, and 1x1 behind a POOL."""
    ways = (
        f"{_conv(ones, 1)}",
        f"{_conv(narrow3, 1)} - {_conv(threes)}",
        f"{_conv(narrow5, 1)} - {_conv(fives)}",
        f"POOL[3x3, S=1, P=1] - {_conv(pooled, 1)}",
    )
    return f"{{{{ {' | '.join(ways)} }}}}"


def _conv(filters: int, field: int = 3) -> str:
    """A CONV, BN and RELU."""
    size = "" if field == 3 else f", {field}x{field}"
    return f"CONV[{filters}{size}] - BN[eps=0.001] - RELU"


_LARGE = "CONV[64, 7x7, S=2, P=3, fit=crop] - BN - RELU - POOL[3x3, S=2, P=1, fit=crop]"
_HALVE = "POOL[3x3, S=2, fit=pad]"
_GOOGLENET = " - ".join(
    (
        "INPUT[{input}] - CONV[64, 7x7, S=2, P=3, fit=crop] - BN[eps=0.001] - RELU", _HALVE,
        _conv(64, 1), _conv(192), _HALVE,
        _inception(64, 96, 128, 16, 32, 32), _inception(128, 128, 192, 32, 96, 64), _HALVE,
        _inception(192, 96, 208, 16, 48, 64), _inception(160, 112, 224, 24, 64, 64),
        _inception(128, 128, 256, 24, 64, 64), _inception(112, 144, 288, 32, 64, 64),
        _inception(256, 160, 320, 32, 128, 128), "POOL[2x2, S=2, fit=pad]",
        _inception(256, 160, 320, 32, 128, 128), _inception(384, 192, 384, 48, 128, 128),
        "GAP - DROPOUT[0.2] - FC[{classes}]",
    )
)  # fmt: skip
# The paper's k = 2, n = 5, alpha = 0.0001, beta = 0.75; alpha is not divided by n there.
_LRN = "LRN[5, alpha=0.0005, beta=0.75, k=2]"
_RESNET = "He et al. 2015, strides as torchvision has them"
_VGG = "Simonyan and Zisserman 2014; torchvision"

NAMED = {
    net.name: net
    for net in (
        # The paper's images are 32x32: MNIST's 28x28 in a border of two, which is the first CONV's padding here.
        # Its 60,000 parameters are fewer, since its third layer leaves connections out, and its pooling learns.
        Named(
            "lenet-5", "28x28x1", 10,
            "INPUT[{input}] - CONV[6, 5x5] - RELU - POOL - CONV[16, 5x5, P=0] - RELU - POOL - FC[120] - RELU"
            " - FC[84] - RELU - FC[{classes}]",
            61_706, "LeCun et al. 1998, fully connected, with RELU",
        ),
        # One tower, without LRN. 224 does not fit its first filters neatly, which torchvision crops, too.
        Named(
            "alexnet", "224x224x3", 1000,
            "INPUT[{input}] - CONV[64, 11x11, S=4, P=2, fit=crop] - RELU - POOL[3x3, S=2]"
            " - CONV[192, 5x5] - RELU - POOL[3x3, S=2] - CONV[384] - RELU - [CONV[256] - RELU]*2 - POOL[3x3, S=2]"
            " - [DROPOUT - FC[4096] - RELU]*2 - FC[{classes}]",
            61_100_840, "Krizhevsky 2014, one tower; torchvision",
        ),
        # Two towers on two GPUs, which see each other's slices at the third CONV and at the FCs alone. The paper says
        # 224, but its 55x55 volumes need 227.
        Named(
            "alexnet-2012", "227x227x3", 1000,
            f"INPUT[{{input}}] - CONV[96, 11x11, S=4, P=0] - RELU - {_LRN} - POOL[3x3, S=2]"
            f" - CONV[256, 5x5, groups=2] - RELU - {_LRN} - POOL[3x3, S=2] - CONV[384] - RELU"
            " - CONV[384, groups=2] - RELU - CONV[256, groups=2] - RELU - POOL[3x3, S=2]"
            " - [FC[4096] - RELU - DROPOUT]*2 - FC[{classes}]",
            60_965_224, "Krizhevsky, Sutskever and Hinton 2012, two groups; Caffe",
        ),
        # Its figure normalises behind the first two POOLs. The paper gives no numbers for it: these are AlexNet's.
        Named(
            "zfnet", "224x224x3", 1000,
            f"INPUT[{{input}}] - CONV[96, 7x7, S=2, P=1, fit=crop] - RELU - POOL[3x3, S=2, fit=pad] - {_LRN}"
            f" - CONV[256, 5x5, S=2, P=0] - RELU - POOL[3x3, S=2, fit=pad] - {_LRN}"
            " - [CONV[384] - RELU]*2 - CONV[256] - RELU - POOL[3x3, S=2]"
            " - [FC[4096] - RELU - DROPOUT]*2 - FC[{classes}]",
            62_357_608, "Zeiler and Fergus 2013, figure 3",
        ),
        _vgg(11, "CONV[64] - RELU - POOL - CONV[128] - RELU - POOL - [CONV[256] - RELU]*2 - POOL"
                 " - [[CONV[512] - RELU]*2 - POOL]*2", 132_863_336),
        _vgg(13, "[CONV[64] - RELU]*2 - POOL - [CONV[128] - RELU]*2 - POOL - [CONV[256] - RELU]*2 - POOL"
                 " - [[CONV[512] - RELU]*2 - POOL]*2", 133_047_848),
        _vgg(16, "[CONV[64] - RELU]*2 - POOL - [CONV[128] - RELU]*2 - POOL - [CONV[256] - RELU]*3 - POOL"
                 " - [[CONV[512] - RELU]*3 - POOL]*2", 138_357_544),
        _vgg(19, "[CONV[64] - RELU]*2 - POOL - [CONV[128] - RELU]*2 - POOL - [CONV[256] - RELU]*4 - POOL"
                 " - [[CONV[512] - RELU]*4 - POOL]*2", 143_667_240),
        # Of CIFAR's images. Its shortcuts are projections where the paper pads with zeros: 2,752 numbers more.
        _residual(20, "CONV[16] - BN - RELU", {16: 3, 32: 3, 64: 3}, False, 272_474, "32x32x3", 10,
                  "He et al. 2015, for CIFAR-10, with projections"),
        _residual(18, _LARGE, {64: 2, 128: 2, 256: 2, 512: 2}, False, 11_689_512, "224x224x3", 1000, _RESNET),
        _residual(34, _LARGE, {64: 3, 128: 4, 256: 6, 512: 3}, False, 21_797_672, "224x224x3", 1000, _RESNET),
        _residual(50, _LARGE, {64: 3, 128: 4, 256: 6, 512: 3}, True, 25_557_032, "224x224x3", 1000, _RESNET),
        # With BN, as torchvision has it: no further outputs in the middle, and 3x3 filters where the paper has 5x5.
        Named(
            "googlenet", "224x224x3", 1000, _GOOGLENET,
            6_624_904, "Szegedy et al. 2014; torchvision, with BN",
        ),
        Named(
            "tiny-vgg", "32x32x3", 10, "INPUT[{input}] - [[CONV[10] - RELU]*2 - POOL]*3 - FC[{classes}]",
            6_440, "the figure of the CS231n notes",
        ),
        Named(
            "convnetjs-cifar10", "32x32x3", 10,
            "INPUT[{input}] - CONV[16, 5x5] - RELU - POOL - [CONV[20, 5x5] - RELU - POOL]*2 - FC[{classes}]",
            22_466, "Karpathy's ConvNetJS, CIFAR-10 demo",
        ),
        # The demo crops MNIST's 28x28 to 24x24 at random.
        Named(
            "convnetjs-mnist", "24x24x1", 10,
            "INPUT[{input}] - CONV[8, 5x5] - RELU - POOL - CONV[16, 5x5] - RELU - POOL[3x3, S=3] - FC[{classes}]",
            5_994, "Karpathy's ConvNetJS, MNIST demo",
        ),
    )
}  # fmt: skip

_NAME = re.compile(r"\s*(?P<name>[A-Za-z][A-Za-z0-9_-]{0,39})\s*(?:\[(?P<entries>[^\[\]]*)\]?)?\s*")
_SIZE = re.compile(r"([0-9]+)\s*[xX×*]\s*([0-9]+)\s*[xX×*]\s*([0-9]+)")


def _key(name: str) -> str:
    return re.sub("[-_]", "", name).lower()


_KEYS = {_key(name): name for name in NAMED}


def is_name(text: str) -> bool:
    """Whether a text begins as a network's name does, and has nothing but a bracket behind it.

    >>> is_name("Vgg16[64x64x3]"), is_name("alexnet.striate"), is_name("vgg-18"), is_name("INPUT[8x8x1] - FC[10]")
    (True, False, False, False)
    """
    match = _NAME.fullmatch(text)
    return match is not None and _key(match["name"]) in _KEYS


@dataclass(frozen=True)
class Expanded:
    """What a name stands for, and where it stood; ``sizes`` and ``classes`` are those spans of its bracket, if any."""

    name: str
    line: str
    text: str
    span: tuple[int, int]
    sizes: tuple[int, int] | None = None
    classes: tuple[int, int] | None = None

    def at(self, error: NotationError) -> NotationError:
        """An error of the line as one of the text that had the name."""
        reason = f"{error.reason} (in {self.name}, whose line striate nets shows)"
        start, end = self.span
        inside = error.position - len("INPUT[")
        if self.sizes is not None and 0 <= inside < self.line.index("]") - len("INPUT["):
            start, end = self.sizes
            if self.line.startswith(f"INPUT[{self.text[start:end]}]"):
                start, end = start + inside, start + inside + error.length
        elif self.classes is not None and error.position >= self.line.rindex("["):
            start, end = self.classes
        return type(error)(reason, self.text, start, end - start)


def expand(text: str) -> Expanded | None:
    """The line that a name stands for; None where ``text`` is no name but a line already.

    Raises NotationError for a name that is almost one of the table, for a bracket that is none, and for a model file.

    >>> expanded = expand("VGG16[64x64x3, 10]")
    >>> expanded.name, expanded.line[:15], expanded.line[-6:]
    ('vgg-16', 'INPUT[64x64x3] ', 'FC[10]')
    >>> expand("INPUT[8x8x1] - FC[10]")
    """
    match = _NAME.fullmatch(text)
    if match is None:
        _refuse_file(text)
        return None
    name = _KEYS.get(_key(match["name"]))
    if name is None:
        _refuse_unknown(text, match)
        return None
    if match["entries"] is not None and "]" not in text:
        raise NotationError(f"the bracket of {name} is not closed: put ] at the end", text, match.end("entries") - 1, 1)
    sizes = classes = None
    for entry in re.finditer(r"[^,]+", match["entries"] or ""):
        shown = entry[0].strip()
        start = match.start("entries") + entry.start() + len(entry[0]) - len(entry[0].lstrip())
        span = start, start + len(shown)
        if _SIZE.fullmatch(shown) and sizes is None:
            sizes = span
        elif shown.isascii() and shown.isdigit() and classes is None:
            classes = span
        elif shown:
            raise NotationError(_wrong_entry(NAMED[name], shown), text, start, len(shown))
    size = _SIZE.fullmatch(text[slice(*sizes)]) if sizes else None
    line = NAMED[name].line("x".join(size.groups()) if size else "", text[slice(*classes)] if classes else "")
    return Expanded(name, line, text, (match.start("name"), len(text.rstrip())), sizes, classes)


def _refuse_file(text: str) -> None:
    """An error where the text is the name of a model file."""
    file = text.strip()
    if file.endswith(".striate") and "[" not in file:
        reason = "a model file has no place here: write a line or a network's name; striate test prints a model's line"
        raise NotationError(reason, text, text.index(file), len(file))


def _refuse_unknown(text: str, match: re.Match[str]) -> None:
    """Nothing where the word is a layer, or meant as one; else an error with the nearest name."""
    written = match["name"]
    family = [name for name in NAMED if _key(written) and _key(name).startswith(_key(written))]
    near = family or [_KEYS[key] for key in get_close_matches(_key(written), _KEYS, 1, 0.6)]
    word = re.match("[A-Za-z]+", written)
    if word and is_layer_like(word[0], 0.75 if near else 0.5):
        return
    listed = " or ".join([", ".join(near[:-1]), near[-1]] if near[1:] else near)
    guess = f"did you mean {listed}? T" if near else f"the layers are {', '.join(LAYERS)}, and t"
    reason = f"{written} is neither a layer nor a network with a name: {guess}he names are {', '.join(NAMED)}"
    raise NotationError(reason, text, match.start("name"), len(written))


def _wrong_entry(net: Named, shown: str) -> str:
    plain = re.fullmatch(r"[0-9]{1,6}x[0-9]{1,6}", shown)
    example = f"{net.name}[{shown}x{net.input[-1]}]" if plain else f"{net.name}[{net.input}, {net.classes}]"
    shown = "".join(c if c.isprintable() else "\ufffd" for c in shown[:40]) + "…" * (len(shown) > 40)
    return (
        f"the bracket of a network with a name takes the size of the images and the number of classes, once each, "
        f"not {shown}: write it as in {example}"
    )
