"""The official sets by name: their files, sizes, checksums and the places that hand them out.

Sources of the checksums: CIFAR-10's page gives the md5 of its archive, Fashion-MNIST's page the md5
of its files; the sha256 here were taken from copies whose md5 is the published one.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Remote:
    """One file to get: name, size in bytes, checksum ("md5:..." or "sha256:...") and URLs, best first."""

    name: str
    size: int
    checksum: str
    urls: tuple[str, ...]


@dataclass(frozen=True)
class Source:
    """One set: the folder that a download gets, names its folder may have, and its files."""

    name: str
    folder: str
    spellings: frozenset[str]
    files: tuple[Remote, ...]


def plain(name: str) -> str:
    """Return a name without case and punctuation, as spellings are compared.

    >>> plain("Fashion_MNIST"), plain("cifar-10-batches-py")
    ('fashionmnist', 'cifar10batchespy')
    """
    return "".join(letter for letter in name.lower() if letter.isalnum())


_MNIST = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
)
_FASHION = (
    "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
    "https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion/",
)


def _idx(mirrors: tuple[str, ...], files: tuple[tuple[str, int, str], ...]) -> tuple[Remote, ...]:
    named = [(f"{stem}-ubyte.gz", size, digest) for stem, size, digest in files]
    return tuple(
        Remote(name, size, f"sha256:{digest}", tuple(mirror + name for mirror in mirrors))
        for name, size, digest in named
    )


_MNIST_FILES = (
    ("train-images-idx3", 9_912_422, "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609"),
    ("train-labels-idx1", 28_881, "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c"),
    ("t10k-images-idx3", 1_648_877, "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6"),
    ("t10k-labels-idx1", 4_542, "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6"),
)
_FASHION_FILES = (
    ("train-images-idx3", 26_421_880, "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84"),
    ("train-labels-idx1", 29_515, "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845"),
    ("t10k-images-idx3", 4_422_102, "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073"),
    ("t10k-labels-idx1", 5_148, "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5"),
)
_CIFAR10 = Remote(
    "cifar-10-python.tar.gz",
    170_498_071,
    "md5:c58f30108f718f92721af3b95e74349a",
    ("https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz",),
)
_CIFAR10_FOLDERS = frozenset({"cifar10", "cifar10batchespy", "cifar10batchesbin", "cifar10python", "cifar10binary"})

SOURCES = {
    "cifar10": Source("cifar10", "cifar-10", _CIFAR10_FOLDERS, (_CIFAR10,)),
    "mnist": Source("mnist", "mnist", frozenset({"mnist"}), _idx(_MNIST, _MNIST_FILES)),
    "fashion-mnist": Source(
        "fashion-mnist",
        "fashion-mnist",
        frozenset({"fashionmnist", "fashion"}),
        _idx(_FASHION, _FASHION_FILES),
    ),
}
"""Name -> where the set comes from. The embedded digits need no source."""
