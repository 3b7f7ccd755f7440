"""Networks between two: the weights of one, drawn towards those of another that was trained from it or beside it."""

from __future__ import annotations

import copy
from decimal import Decimal
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import torch

from beholder.spec import UsageError
from beholder.training.model_file import load_model, write_model
from beholder.training.shipped import find_model

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from torch import nn

__all__ = ["Blend", "parse_alphas"]

_MOST = 101


def parse_alphas(text: str) -> list[Decimal]:
    """Shares of the second network.

    Args:
        text: ``"0.3"``, ``"0,0.5,1"``, or ``"0:1:0.1"``: first, last and the difference between neighbours.

    Raises:
        UsageError: If it is none of these, or a share lies outside of 0 to 1.
    """
    try:
        if ":" in text:
            first, last, difference = map(Decimal, text.split(":"))
            count = int((last - first) / difference) + 1 if difference > 0 else 0
            alphas = [first + place * difference for place in range(min(count, _MOST + 1))]
        else:
            alphas = [Decimal(each) for each in text.split(",")]
        inside = all(0 <= alpha <= 1 for alpha in alphas)  # of what is no number, comparing fails
    except (ArithmeticError, ValueError):
        alphas, inside = [], False
    if not alphas or not inside or len(alphas) > _MOST or len(set(alphas)) < len(alphas):
        raise UsageError(
            f"--alpha {text!r}: expected shares from 0 to 1, {_MOST} at most, each once: 0.3, or 0,0.5,1, or 0:1:0.1."
        )
    return alphas


class Blend:
    """The straight line between the weights of two networks.

    Networks that come from one another, as one trained on pixels and one that goes on from it on features, can be mixed
    weight by weight: all between them restore pictures, too, and lie between them in closeness and looks (Wang et al.,
    "ESRGAN", ECCV Workshops 2018, arXiv:1809.00219, section 3.4; "Deep Network Interpolation", CVPR 2019,
    arXiv:1811.10515). Of two that have nothing in common the middle is useless.

    Args:
        first: A model, as `find_model` takes it.
        second: Another of the same network.

    Raises:
        UsageError: If there is no such model, or the networks differ.
        WeightsError: If a file holds no model.
    """

    def __init__(self, first: str, second: str) -> None:
        self.names = (first, second)
        self._ends, tales = zip(*(load_model(find_model(name)) for name in self.names), strict=True)
        self.told: dict[str, Any] = tales[0]
        networks = [told["network"] for told in tales]
        if networks[0] != networks[1]:
            raise UsageError(
                f"{first} is {networks[0]} and {second} is {networks[1]}; expected models of the same network."
            )

    @property
    def scale(self) -> int:
        """How many times the networks enlarge."""
        return int(self._ends[0].scale)

    def at(self, alpha: Decimal) -> nn.Module:
        """The network with ``1 - alpha`` of the first's weights and ``alpha`` of the second's."""
        first, second = (end.state_dict() for end in self._ends)
        # only weights; what counts steps has no middle
        mixed = {
            name: torch.lerp(tensor, second[name], float(alpha)) if tensor.is_floating_point() else tensor
            for name, tensor in first.items()
        }
        network: nn.Module = copy.deepcopy(self._ends[0])
        network.load_state_dict(mixed)
        return network

    def save(
        self, alpha: Decimal, target: Path, scores: Mapping[str, float], before: Mapping[str, float]
    ) -> None:
        """Save the network at a share of the second, with the first one's recipe.

        Args:
            alpha: The share.
            target: ``.safetensors`` file.
            scores: Its scores, if it was measured.
            before: Those of the pictures that it restored.

        Raises:
            TrainingError: If it cannot be written.
        """
        title = f"{self.told['recipe']['title']}; {alpha} of the weights from {self.names[1]}"
        told = self.told | {
            "beholder": version("beholder"),
            "scores": dict(scores),
            "before": dict(before),
            "recipe": self.told["recipe"] | {"title": title},
            "blend": {"of": list(self.names), "alpha": float(alpha)},
        }
        write_model(self.at(alpha), told, target)
