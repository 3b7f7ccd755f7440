"""Chains for inference on processors, their convolutions by Winograd's filtering."""

from __future__ import annotations

import contextlib
import threading
from contextvars import ContextVar
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from torch import Tensor, nn

from beholder.backbones.chains import Chain
from beholder.ops.lending import Lender
from beholder.ops.max_pooling import MaxPooling
from beholder.ops.patch_convolution import PatchConvolution
from beholder.ops.winograd import WinogradConvolution

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["gains", "quick_chains", "stand_in"]

_QUICK: ContextVar[bool] = ContextVar("quick", default=False)


class _QuickChain:
    """A chain's layers, without gradients, in float32 on a processor; the features differ by rounding."""

    def __init__(self, chain: Chain) -> None:
        self.made_of = _state(chain)
        self._steps: list[tuple[str, Callable[[Tensor], Tensor]]] = []
        self._wanted = chain.wanted
        lender = Lender()
        layers = list(zip(chain.names, chain.features, strict=True))
        while layers:
            name, module = layers.pop(0)
            quick = next(
                (kind for kind in (WinogradConvolution, PatchConvolution) if kind.fits(module)), None
            )
            if quick is not None:
                relu = bool(layers) and isinstance(layers[0][1], nn.ReLU) and name not in self._wanted
                if relu:
                    name, _ = layers.pop(0)
                self._steps.append((name, quick(module, lender, relu=relu)))  # type: ignore[arg-type]
            elif MaxPooling.fits(module):
                self._steps.append((name, MaxPooling(module, lender)))  # type: ignore[arg-type]
            else:
                self._steps.append((name, module))

    def walk(self, x: Tensor) -> Iterator[tuple[str, Tensor]]:
        """The wanted layers' names and features, as the chain itself gives them."""
        for name, step in self._steps:
            x = step(x)
            if name in self._wanted:
                yield name, x


# One for each chain, whoever looks through it: transformed weights take 4 times the memory of the weights.
_MADE: WeakKeyDictionary[Chain, _QuickChain] = WeakKeyDictionary()
_MAKING = threading.Lock()


@contextlib.contextmanager
def quick_chains() -> Iterator[None]:
    """Within, in this thread, chains on a processor are computed with Winograd's convolutions; without gradients."""
    token = _QUICK.set(True)
    try:
        yield
    finally:
        _QUICK.reset(token)


def gains(trunk: nn.Module) -> bool:
    """Whether a network has convolutions that are quicker so."""
    return isinstance(trunk, Chain) and any(map(WinogradConvolution.fits, trunk.features))


def stand_in(chain: Chain) -> Chain | _QuickChain:
    """What computes a chain here: within `quick_chains` its quick twin, which is made when it is first needed."""
    if not (_QUICK.get() and gains(chain)):
        return chain
    with _MAKING:
        made = _MADE.get(chain)
        if made is None or made.made_of != _state(chain):
            made = _MADE[chain] = _QuickChain(chain)
        return made


def _state(chain: Chain) -> tuple[tuple[int, int], ...]:
    """Changes when somebody changes the weights, as optimisers and `load_state_dict` do; not where `.data` is written to."""
    weights = list(chain.parameters())
    return tuple((each.data_ptr(), 0 if each.is_inference() else each._version) for each in weights)
