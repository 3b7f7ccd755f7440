"""Which sizes of picture a network takes and gives, found without computing a feature."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.func import functional_call

__all__ = ["feature_shapes", "smallest_square", "takes"]

_LARGEST = 512


class _Quiet(nn.Module):
    """A network whose errors are not printed, as a cut graph's are when it is called as a module."""

    def __init__(self, trunk: nn.Module) -> None:
        super().__init__()
        self.trunk = trunk

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        features: dict[str, Tensor] = self.trunk.forward(x)
        return features


def feature_shapes(trunk: nn.Module, height: int, width: int) -> dict[str, tuple[int, ...]]:
    """Shape of each layer's features for one picture of this size.

    Raises:
        RuntimeError: If the network does not take the size (also AssertionError).
        NotImplementedError: If that cannot be told.
    """
    quiet = _Quiet(trunk)
    # On the meta device there are shapes and no values.
    state = {name: tensor.to("meta") for name, tensor in (*quiet.named_parameters(), *quiet.named_buffers())}
    with torch.no_grad():
        features = functional_call(quiet, state, torch.empty(1, 3, height, width, device="meta"))
    return {name: tuple(feature.shape) for name, feature in features.items()}


def takes(trunk: nn.Module, height: int, width: int) -> bool:
    """Whether a network takes pictures of this size; true where that cannot be told."""
    try:
        feature_shapes(trunk, height, width)
    except NotImplementedError:
        return True
    except (RuntimeError, AssertionError):
        return False
    return True


def smallest_square(trunk: nn.Module) -> int | None:
    """Side of the smallest square picture that a network takes, at most 512; ``None`` if there is none."""
    return next((side for side in range(1, _LARGEST + 1) if takes(trunk, side, side)), None)
