"""scikit-learn's callback protocol where the installed version has it, and nothing where it has not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

__all__ = ["CallbackSupportMixin", "Telling", "with_callbacks"]

F = TypeVar("F", bound=Callable[..., Any])

try:
    from sklearn.callback import CallbackSupportMixin, with_callbacks
except ImportError:  # before 1.9

    class CallbackSupportMixin:  # type: ignore[no-redef]
        """An estimator without callbacks."""

    def with_callbacks(method: F) -> F:
        """The method as it is."""
        return method


class Telling:
    """Tells callbacks of a fit and of its epochs.

    `model` gives what an epoch has made of the network, for those that look at predictions.
    """

    def __init__(self, estimator: Any, epochs: int, X: Any, y: Any, sample_weight: Any) -> None:
        self._estimator = estimator
        begin = getattr(estimator, "_init_callback_context", None)
        self._context = begin(max_subtasks=epochs) if begin is not None else None
        metadata = {} if sample_weight is None else {"sample_weight": sample_weight}
        self._said = {"estimator": estimator, "X": X, "y": y, "metadata": metadata}
        self._epoch: Any = None
        if self._context is not None:
            self._context.call_on_fit_task_begin(**self._said)

    def begin(self, epoch: int) -> None:
        """An epoch, counted from 1, begins."""
        if self._context is not None:
            self._epoch = self._context.subcontext(task_name=f"epoch {epoch}")
            self._epoch.call_on_fit_task_begin(**self._said)

    def end(self, attributes: Callable[[], dict[str, Any]]) -> bool:
        """The epoch is over; whether a callback wants the fit to stop. `attributes` are what predictions need."""
        if self._context is None:
            return False
        return bool(self._epoch.call_on_fit_task_end(**self._said, reconstruction_attributes=attributes))

    def over(self) -> None:
        """The fit is over."""
        if self._context is not None:
            self._context.call_on_fit_task_end(**self._said, reconstruction_attributes={})
