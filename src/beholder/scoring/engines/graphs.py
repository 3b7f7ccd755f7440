"""Graphs of several metrics that an engine can compile: each picture goes once through each network."""

from __future__ import annotations

import threading
import warnings
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from beholder.backbones.passes import hand_in, one_pass
from beholder.scoring.engines.looking import Look

if TYPE_CHECKING:
    from collections.abc import Sequence

    import openvino

__all__ = ["Pairs", "Reference", "Versions", "trace_graph"]

_TRACING = threading.Lock()  # torch traces one module at a time


class Reference(nn.Module):
    """What metrics look at in a reference.

    Args:
        metrics: The metrics.
    """

    def __init__(self, metrics: Sequence[nn.Module]) -> None:
        super().__init__()
        self.metrics = nn.ModuleList(metrics)

    def forward(self, y: Tensor) -> tuple[Tensor, ...]:
        """From y (1, 3, H, W) to features."""
        with one_pass():
            return tuple(Look(self.metrics).see(y))


class Versions(nn.Module):
    """Pictures and a reference that was looked at before: scores of some metrics, and what others look at.

    Args:
        scored: Metrics to score with.
        fed: Metrics of which only the features are computed.
    """

    def __init__(self, scored: Sequence[nn.Module], fed: Sequence[nn.Module]) -> None:
        super().__init__()
        self.scored, self.fed = nn.ModuleList(scored), nn.ModuleList(fed)

    def forward(self, x: Tensor, y: Tensor, *features: Tensor) -> tuple[Tensor, ...]:
        """From x (N, 3, H, W), y (1, 3, H, W) and what `Reference` gave to scores, (N,) each, and features of x."""
        look = Look([*self.scored, *self.fed])
        y = y.expand_as(x)
        with one_pass():
            for trunk, found in look.name(features).items():
                hand_in(trunk, y, found)
            return (*(metric(x, y) for metric in self.scored), *Look(self.fed).see(x))


class Pairs(nn.Module):
    """Pictures and the reference that they share: what `Versions` gives, and the features of the reference.

    The networks see the reference alone, not the batch that it is repeated into: OpenVINO repeats it, and takes one of it again, in
    their precision, so that in bfloat16 a picture and its equal would not come to them alike.

    Args:
        scored: Metrics to score with.
        fed: Metrics of which only the features are computed.
    """

    def __init__(self, scored: Sequence[nn.Module], fed: Sequence[nn.Module]) -> None:
        super().__init__()
        self.reference, self.versions = Reference([*scored, *fed]), Versions(scored, fed)

    def forward(self, x: Tensor, y: Tensor) -> tuple[Tensor, ...]:
        """From x (N, 3, H, W) and y (1, 3, H, W) to scores, (N,) each, and features, of x and then of y."""
        with one_pass():
            found = self.versions(x, y, *self.reference(y))
            return (*found, *Look(self.versions.fed).see(y))


def trace_graph(graph: nn.Module, *examples: Tensor) -> openvino.Model:
    """A graph for OpenVINO, for pictures of any size, and any number of them where the example has several.

    Args:
        graph: What to trace.
        examples: What it takes: batches of 1 stay so.
    """
    # Not openvino.convert_model: it reports each call to its makers.
    import openvino
    from openvino.frontend import FrontEndManager
    from openvino.frontend.pytorch.ts_decoder import TorchScriptPythonDecoder

    with _TRACING, torch.inference_mode(mode=False), torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of sizes that a trace takes as fixed: those of checks
        traced = torch.jit.trace(graph, examples, check_trace=False, strict=False)  # type: ignore[no-untyped-call]
        frontend = FrontEndManager().load_by_framework("pytorch")
        decoder = TorchScriptPythonDecoder(traced.eval())  # the frontend does not keep it alive
        model = frontend.convert(frontend.load(decoder))
    for given, example in zip(model.inputs, examples, strict=True):
        batch = 1 if len(example) == 1 else -1
        given.get_node().set_partial_shape(openvino.PartialShape([batch, example.shape[1], -1, -1]))
        given.get_node().set_element_type(openvino.Type.f32)
    model.validate_nodes_and_infer_types()
    return model
