"""Graphs compiled by OpenVINO, for one core each or for all."""

from __future__ import annotations

import functools
import threading
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Callable

    import openvino
    from torch import Tensor

__all__ = ["CompiledGraph", "openvino_core"]


class CompiledGraph:
    """A graph that threads compute side by side, each with as many cores as torch has there.

    Args:
        trace: Makes the model; called once, when it is first needed.
        precision: OpenVINO's name of what it computes in.
    """

    def __init__(self, trace: Callable[[], openvino.Model], precision: str) -> None:
        self._trace = trace
        self._precision = precision
        self._cores = torch.get_num_threads()
        self._lock = threading.Lock()
        self._model: openvino.Model | None = None
        self._compiled: dict[bool, openvino.CompiledModel] = {}
        self._of_thread = threading.local()

    def __call__(self, *inputs: Tensor) -> list[Tensor]:
        """What the graph makes of its inputs."""
        result = self._request().infer([each.contiguous().numpy() for each in inputs], share_inputs=True)
        return [torch.from_numpy(result[index]) for index in range(len(result))]

    def _request(self) -> openvino.InferRequest:
        alone = torch.get_num_threads() > 1 or self._cores == 1
        requests: dict[bool, openvino.InferRequest] = self._of_thread.__dict__.setdefault("requests", {})
        if alone not in requests:
            requests[alone] = self._compile(alone=alone).create_infer_request()
        return requests[alone]

    def _compile(self, *, alone: bool) -> openvino.CompiledModel:
        with self._lock:
            if self._model is None:
                self._model = self._trace()
            if alone not in self._compiled:
                self._compiled[alone] = openvino_core().compile_model(
                    self._model,
                    "CPU",
                    {
                        "INFERENCE_PRECISION_HINT": self._precision,
                        "INFERENCE_NUM_THREADS": self._cores,
                        "NUM_STREAMS": 1 if alone else self._cores,
                        "ENABLE_CPU_PINNING": False,
                    },
                )
            return self._compiled[alone]


@functools.cache
def openvino_core() -> openvino.Core:
    """OpenVINO itself, kept for good.

    Its plugin brings the thread that loads it a stack for signals, and takes it away in whichever thread lets go of
    it: in another one, the first is left with a stack that is gone, and dies of the next signal.
    """
    import openvino

    return openvino.Core()
