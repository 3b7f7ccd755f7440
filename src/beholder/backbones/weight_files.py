"""Weight files into tensors, without running a byte of them."""

from __future__ import annotations

import io
import pickle
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import safetensors
import safetensors.torch
import torch
from torch import Tensor

from beholder.spec import WeightsError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["read_weights"]

_TYPES = {"f2", "f4", "f8", "i4", "i8", "u1"}

# What reading a damaged file can raise, whatever its format.
_DAMAGE = (
    pickle.UnpicklingError,
    safetensors.SafetensorError,
    RuntimeError,
    EOFError,
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    ArithmeticError,
    MemoryError,
)


class _Type:
    """Stands for ``numpy.dtype`` in a pickle: NumPy's own would believe forged flags."""

    def __init__(self, code: str, *_: object) -> None:
        if code not in _TYPES:
            raise pickle.UnpicklingError(f"it holds an array of type {code!r}")
        self.code = code

    def __setstate__(self, state: tuple[object, ...]) -> None:
        if state[1] not in ("<", "|"):
            raise pickle.UnpicklingError(f"it holds an array of byte order {state[1]!r}")


class _Array:
    """Stands for ``numpy.ndarray`` in a pickle: shape, type and bytes, nothing else."""

    values: NDArray[Any]

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        _, shape, kind, fortran, content = state
        order: Literal["F", "C"] = "F" if fortran else "C"
        self.values = np.frombuffer(content, np.dtype(f"<{kind.code}")).reshape(shape, order=order)


def _reconstruct(*_: object) -> _Array:
    return _Array()


_ALLOWED: Mapping[tuple[str, str], Any] = {
    ("numpy", "ndarray"): _Array,
    ("numpy", "dtype"): _Type,
    ("numpy.core.multiarray", "_reconstruct"): _reconstruct,
    ("numpy._core.multiarray", "_reconstruct"): _reconstruct,  # where NumPy 2 has it
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
    except _DAMAGE as error:
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
        elif not isinstance(value, _Array):
            raise ValueError(f"{module}/{name} is no array")
        elif name == "kernel":
            yield f"{module}.weight", torch.from_numpy(value.values.transpose(3, 2, 0, 1).copy())
        else:
            yield f"{module}.{name}", torch.from_numpy(value.values.copy())
