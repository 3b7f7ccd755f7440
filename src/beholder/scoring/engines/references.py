"""What networks make of references, kept while pictures are compared with them."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

__all__ = ["KeptReferences"]

_KEPT = 2
_LARGEST = 512 * 512  # pixels of a reference whose features are kept: 128 MB of VGG-16
_WORTHWHILE = 3  # versions at once that pay for looking at their reference apart


class KeptReferences:
    """The features of the last references that many pictures are compared with.

    Args:
        compute: Features of a reference, from (1, 3, H, W).
    """

    def __init__(self, compute: Callable[[Tensor], list[Tensor]]) -> None:
        self._compute = compute
        self._lock = threading.Lock()
        self._kept: OrderedDict[int, _Kept] = OrderedDict()

    def recall(self, reference: Tensor, versions: int) -> list[Tensor] | None:
        """Features of a reference; ``None`` where it is large, or too few pictures of a batch are compared with it.

        That it was seen before does not count: the last digit of a score must not depend on what came earlier.

        Args:
            reference: Shape (3, H, W); known again as the same tensor.
            versions: How many pictures are compared with it now.
        """
        if reference[0].numel() > _LARGEST or versions < _WORTHWHILE:
            return None
        with self._lock:
            kept = self._kept.setdefault(id(reference), _Kept(reference))
            self._kept.move_to_end(id(reference))
            if len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        with kept.lock:  # who compares with the same reference meanwhile waits
            if kept.features is None:
                kept.features = self._compute(reference[None])
            return kept.features


class _Kept:
    def __init__(self, reference: Tensor) -> None:
        self.reference = reference  # held, so that its id is not given on
        self.lock = threading.Lock()
        self.features: list[Tensor] | None = None
