"""Weight files into tensors, without running a byte of them."""

from __future__ import annotations

import io
import pickle
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import safetensors
import safetensors.torch
import torch
from torch import Tensor

from beholder.spec import WeightsError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["read_weights"]

# numpy 2 moved the module; an old pickle names the old place.
_RECONSTRUCT = np.zeros(0).__reduce__()[0]
_ALLOWED: Mapping[tuple[str, str], Any] = {
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): np.dtype,
    ("numpy.core.multiarray", "_reconstruct"): _RECONSTRUCT,
    ("numpy._core.multiarray", "_reconstruct"): _RECONSTRUCT,
}


class _ArrayUnpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _ALLOWED:
            raise pickle.UnpicklingError(f"it asks for {module}.{name}, and only NumPy arrays are allowed")
        return _ALLOWED[module, name]


def read_weights(path: Path, content: bytes, rename: Mapping[str, str] | None = None) -> dict[str, Tensor]:
    """Tensors of a weight file, by name.

    Args:
        path: Where the content comes from: its ending tells the format, and errors name it. ``.safetensors``,
            ``.pth`` and ``.pt`` (a state dictionary of torch), ``.ckpt`` (a pickled dictionary of NumPy
            arrays with kernels in HWIO order, as Flax saves it).
        content: The file's bytes.
        rename: Their module's path -> ours; modules that it does not name are left out. Empty: keep all.

    Raises:
        WeightsError: If the format is unknown, the content is damaged, or a pickle holds anything but arrays.
    """
    readers: dict[str, Callable[[bytes], dict[str, Tensor]]] = {
        ".safetensors": safetensors.torch.load,
        ".pth": _read_torch,
        ".pt": _read_torch,
        ".ckpt": _read_flax,
    }
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise WeightsError(f"{path}: unknown kind of weight file; expected one of {', '.join(readers)}.")
    try:
        tensors = reader(content)
    except (
        pickle.UnpicklingError,
        safetensors.SafetensorError,
        RuntimeError,
        EOFError,
        ValueError,
        TypeError,
    ) as error:
        raise WeightsError(f"{path}: cannot be read as weights: {error}. Fetch the file again.") from error
    if not rename:
        return tensors
    renamed = {}
    for name, tensor in tensors.items():
        module, _, parameter = name.rpartition(".")
        if module in rename:
            renamed[f"{rename[module]}.{parameter}"] = tensor
    return renamed


def _read_torch(content: bytes) -> dict[str, Tensor]:
    state = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    if not isinstance(state, dict) or not all(isinstance(tensor, Tensor) for tensor in state.values()):
        raise ValueError("it holds something other than a state dictionary")
    return dict(state)


def _read_flax(content: bytes) -> dict[str, Tensor]:
    return dict(_flatten(_ArrayUnpickler(io.BytesIO(content)).load(), ""))


def _flatten(tree: Mapping[str, Any], module: str) -> Iterator[tuple[str, Tensor]]:
    for name, value in tree.items():
        if isinstance(value, Mapping):
            yield from _flatten(value, f"{module}/{name}" if module else name)
        elif name == "kernel":
            yield f"{module}.weight", torch.from_numpy(value).permute(3, 2, 0, 1).contiguous()
        else:
            yield f"{module}.{name}", torch.from_numpy(value.copy())
