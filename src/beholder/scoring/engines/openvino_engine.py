"""Pretrained networks, and the formulas around them, in OpenVINO."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from beholder.scoring.engines.compiled_graphs import CompiledGraph, openvino_core
from beholder.scoring.engines.graphs import Pairs, Reference, Versions, trace_graph
from beholder.scoring.engines.looking import Computed, Look, has_chains_only
from beholder.scoring.engines.references import KeptReferences
from beholder.scoring.memory import is_out_of_memory
from beholder.spec import MapMetric, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import openvino

    from beholder.scoring.settings import Precision
    from beholder.spec import Metric, NoReferenceMetric

__all__ = ["OpenVINOEngine"]

_HINTS = {"fp32": "f32", "bf16": "bf16"}
_LARGEST = 4 * 1024 * 1024  # pixels; beyond, torch goes layer by layer in less memory


class OpenVINOEngine:
    """The metrics on pretrained networks, in one graph that sees each picture once through each network.

    Of metrics whose formula can be traced it gives the scores, of others the features that they look at. What the
    networks make of a reference is kept while further pictures are compared with it.

    Args:
        metrics: Metrics by the names of their columns, their networks joined; those without a network, or with one
            that is no chain of layers, are left to torch.
        precision: What the networks compute in: ``"fp32"`` or ``"bf16"``, which OpenVINO may also use in the formulas of
            ``scored``.
        maps: Whether metrics that have a map shall draw it; their formulas are left to torch.

    Attributes:
        scored: Names of the metrics whose scores it gives.
        fed: Names of the metrics whose features it gives.

    Raises:
        UsageError: If the processor has no bfloat16 and it is asked for.
    """

    def __init__(
        self, metrics: Mapping[str, Metric | NoReferenceMetric], precision: Precision, *, maps: bool = False
    ) -> None:
        chosen: dict[str, nn.Module] = {
            name: metric for name, metric in metrics.items() if has_chains_only(metric)
        }
        self.fed = tuple(
            name
            for name, metric in chosen.items()
            if not getattr(metric, "traceable", False) or (maps and isinstance(metric, MapMetric))
        )
        self.scored = tuple(name for name in chosen if name not in self.fed)
        self._smallest = max((metrics[name].spec.min_size for name in chosen), default=0)
        if chosen:
            _check_precision(precision)
            self._prepare(
                [chosen[name] for name in self.scored], [chosen[name] for name in self.fed], precision
            )

    def run(self, x: Tensor, references: Sequence[Tensor]) -> Computed | None:
        """What comes of a batch of pairs; ``None`` where they are too small or too large, and torch shall compute them.

        Args:
            x: Pictures under test, shape (N, 3, H, W), in [0, 1].
            references: Their references, each (3, H, W); the same tensor where they share one.
        """
        if min(x.shape[-2:]) < self._smallest or x[0, 0].numel() > _LARGEST:
            return None
        try:
            found = [self._compare(part, reference) for part, reference in _by_reference(x, references)]
        except (MemoryError, RuntimeError) as error:
            if not is_out_of_memory(error):
                raise
            return None
        outputs = [torch.cat(parts) for parts in zip(*found, strict=True)]
        count = len(self.scored)
        middle = count + len(self._fed.layers)
        of_x, of_y = (self._fed.name(features) for features in (outputs[count:middle], outputs[middle:]))
        return Computed(dict(zip(self.scored, outputs[:count], strict=True)), of_x, of_y)

    def _prepare(self, scored: Sequence[nn.Module], fed: Sequence[nn.Module], precision: Precision) -> None:
        metrics = [*scored, *fed]
        self._all, self._fed = (Look(each) for each in (metrics, fed))
        side = max(64, self._smallest)
        x, y = torch.rand(2, 3, side, side), torch.rand(1, 3, side, side)
        reference = Reference(metrics)

        def trace_versions() -> openvino.Model:
            with torch.inference_mode(mode=False), torch.no_grad():
                features = reference(y)
            return trace_graph(Versions(scored, fed), x, y, *features)

        hint = _HINTS[precision]
        self._pairs = CompiledGraph(lambda: trace_graph(Pairs(scored, fed), x, y), hint)
        self._versions = CompiledGraph(trace_versions, hint)
        self._kept = KeptReferences(CompiledGraph(lambda: trace_graph(reference, y), hint))

    def _compare(self, x: Tensor, reference: Tensor) -> list[Tensor]:
        """Outputs of `Pairs` for pictures that share a reference; features of it repeated for each."""
        y = reference[None]
        count = len(self.scored) + len(self._fed.layers)
        features = self._kept.recall(reference, len(x))
        if features is None:
            outputs = self._pairs(x, y)
            of_y = outputs[count:]
        else:
            outputs = self._versions(x, y, *features)
            named = self._all.name(features)
            of_y = [named[trunk][layer] for trunk, layer in self._fed.layers]
        return [*outputs[:count], *(found.expand(len(x), *found.shape[1:]) for found in of_y)]


def _by_reference(x: Tensor, references: Sequence[Tensor]) -> Iterator[tuple[Tensor, Tensor]]:
    """Neighbouring pictures that share a reference, and that."""
    start = 0
    for _, group in itertools.groupby(references, key=id):
        members = list(group)
        yield x[start : start + len(members)], members[0]
        start += len(members)


def _check_precision(precision: Precision) -> None:
    if precision == "bf16" and "BF16" not in openvino_core().get_property("CPU", "OPTIMIZATION_CAPABILITIES"):
        raise UsageError("precision is bf16; this processor does not compute in it. Leave it at fp32.")
