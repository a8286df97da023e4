"""What is compiled of an optimizer: its formula, the rows that it remembers, and the limits that it keeps."""

from __future__ import annotations

from dataclasses import dataclass

from striate.errors import ArgumentError
from striate.optimizers import SGD, Optimizer
from striate.plan.parameters import Place, Row, decays


@dataclass(frozen=True)
class Update:
    """The update of a plan. Numbers such as the learning rate are no part of it: they lie in memory, as ``numbers``.

    kind: the formula. rows: what it remembers of every parameter, a number each. l1, max_norm: whether there is code
    for them. clip: ``norm``, ``value``, or empty.
    """

    kind: str
    rows: tuple[str, ...]
    numbers: tuple[str, ...]
    l1: bool = False
    max_norm: bool = False
    clip: str = ""

    @staticmethod
    def of(optimizer: Optimizer) -> Update:
        """What an optimizer needs.

        >>> from striate.optimizers import Adam
        >>> Update.of(Adam(l1=0.1)).rows, str(Update.of(Adam(l1=0.1)))
        (('means', 'squares'), 'adam, l1')
        """
        clip = "norm" if optimizer.clip_norm is not None else "value" if optimizer.clip_value is not None else ""
        l1, max_norm = optimizer.l1 > 0, optimizer.max_norm is not None
        extra = [("l1", l1), ("max_norm", max_norm), ("clip", bool(clip))]
        numbers = (*optimizer.own, *(name for name, wanted in extra if wanted))
        return Update(optimizer.kind, optimizer.rows, numbers, l1, max_norm, clip)

    @property
    def whole(self) -> bool:
        """Whether the whole gradient must be there before any parameter moves: its norm is that of all of it."""
        return self.clip == "norm"

    @property
    def shares(self) -> int:
        """How often threads share work for the norm of the gradient."""
        return 2 if self.whole else 0

    def capped(self, row: Row) -> list[tuple[Place, int]]:
        """Weights whose norms are capped when all are updated, each with how many outputs have some of them.

        Each output has one bias, if any, and its weights lie side by side: a filter's, or those of one neuron of FC or
        LOCAL.
        Those of streamed layers are capped with their update.
        """
        if not self.max_norm:
            return []
        sizes = {place.name: place.size for place in row.places}
        return [
            (place, sizes.get(place.name.replace(".weights", ".biases"), place.shape[0]))
            for place in row.places
            if decays(place.name, place.shape) and place.start < row.summed
        ]

    def check(self, optimizer: Optimizer) -> None:
        """ArgumentError where the optimizer needs code that is not there; zeros and limits left out need none.

        >>> Update.of(SGD(clip_norm=1)).check(SGD(lr=0.1))
        >>> Update.of(SGD()).check(SGD(lr=0.1, l1=0.001))
        Traceback (most recent call last):
        ...
        striate.errors.ArgumentError: this program was compiled for sgd, without l1: compile another with \
optimizer=SGD(lr=0.1, momentum=0.9, l2=0.0, l1=0.001)
        """
        other = Update.of(optimizer)
        missing = [name for name in ("l1", "max_norm") if getattr(other, name) and not getattr(self, name)]
        if other.clip and other.clip != self.clip:
            missing.append(f"clip_{other.clip}")
        if other.kind != self.kind:
            raise ArgumentError(
                f"this program was compiled for {self.kind}, and {other.kind} is another kind: compile another with "
                f"optimizer={optimizer!r}, and load this one's parameters()"
            )
        if missing:
            raise ArgumentError(
                f"this program was compiled for {self.kind}, without {' and '.join(missing)}: compile another with "
                f"optimizer={optimizer!r}"
            )

    def __str__(self) -> str:
        extra = ["l1"] * self.l1 + ["max-norm"] * self.max_norm + [f"clipped by {self.clip}"] * bool(self.clip)
        return ", ".join([self.kind, *extra])


DEFAULT = Update.of(SGD())  #: SGD with momentum
