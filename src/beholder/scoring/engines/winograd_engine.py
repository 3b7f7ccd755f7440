"""Pretrained networks in torch, their convolutions by Winograd's filtering."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from beholder.backbones import Backbone
from beholder.backbones.passes import one_pass
from beholder.backbones.quick_chains import gains, quick_chains
from beholder.scoring.engines.looking import Computed, Look, has_chains_only
from beholder.scoring.engines.references import KeptReferences
from beholder.scoring.memory import is_out_of_memory

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from beholder.spec import Metric, NoReferenceMetric

__all__ = ["WinogradEngine"]

_LARGEST = 1024 * 1024  # pixels of a batch whose features may all be held at once: 1 GB of VGG-16


class WinogradEngine:
    """What the metrics look at, pictures and references in one pass; formulas are left to torch.

    What the networks make of a reference is kept while further pictures are compared with it.

    Args:
        metrics: Metrics by the names of their columns, their networks joined; those without a network, or with one
            that is no chain of layers or gains nothing, are left to torch.

    Attributes:
        quick: Names of the metrics that look through a network which is computed so.
        fed: Those of them whose features it gives.
    """

    def __init__(self, metrics: Mapping[str, Metric | NoReferenceMetric]) -> None:
        modules = {name: metric for name, metric in metrics.items() if isinstance(metric, nn.Module)}
        self.quick = tuple(name for name, module in modules.items() if _gains(module))
        chosen = {
            name: modules[name]
            for name in self.quick
            if has_chains_only(modules[name]) and metrics[name].spec.needs_reference
        }
        self.fed = tuple(chosen)
        self._metrics: list[nn.Module] = list(chosen.values())
        self._smallest = max((metrics[name].spec.min_size for name in chosen), default=0)
        self._kept = KeptReferences(lambda y: self._see(Look(self._metrics), y))

    def run(self, x: Tensor, references: Sequence[Tensor]) -> Computed | None:
        """What metrics look at in a batch of pairs; ``None`` where it is too much to hold, or pictures are too small.

        Args:
            x: Pictures under test, shape (N, 3, H, W), in [0, 1].
            references: Their references, each (3, H, W); the same tensor where they share one.
        """
        if min(x.shape[-2:]) < self._smallest or x[:, 0].numel() > _LARGEST:
            return None
        look = Look(self._metrics)  # anew: whoever joins networks gives metrics others
        try:
            of_x, of_y = self._compare(look, x, references)
        except (MemoryError, RuntimeError) as error:
            if not is_out_of_memory(error):
                raise
            return None
        return Computed({}, look.name(of_x), look.name(of_y))

    def _compare(
        self, look: Look, x: Tensor, references: Sequence[Tensor]
    ) -> tuple[list[Tensor], list[Tensor]]:
        different = {id(reference): reference for reference in references}
        count = len(x)
        of_y = self._kept.recall(references[0], count) if len(different) == 1 else None
        together = x if of_y is not None else torch.cat([x, torch.stack([*different.values()])])
        seen = self._see(look, together)
        if of_y is None:
            of_y = [features[count:] for features in seen]
        places = list(different)
        order = [places.index(id(reference)) for reference in references]
        return [features[:count] for features in seen], [_pick(features, order) for features in of_y]

    def _see(self, look: Look, pictures: Tensor) -> list[Tensor]:
        with one_pass(), quick_chains():
            return look.see(pictures.contiguous(memory_format=torch.channels_last))


def _gains(metric: nn.Module) -> bool:
    return any(gains(module.trunk) for module in metric.modules() if isinstance(module, Backbone))


def _pick(features: Tensor, order: list[int]) -> Tensor:
    """Features of pictures, (M, C, h, w), in an order: those of the only one are not copied."""
    if len(features) == 1:
        return features.expand(len(order), *features.shape[1:])
    return features if order == list(range(len(features))) else features[order]
