"""Weight files into tensors, without running a byte of them."""

from __future__ import annotations

import io
import pickle
import re
import zipfile
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import safetensors
import safetensors.torch
import torch
from torch import Tensor

from beholder.backbones.libvmaf_model import read_libvmaf_model
from beholder.backbones.tensorflow_js import read_tensorflow_js
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
    zipfile.BadZipFile,
    RuntimeError,
    EOFError,
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    ArithmeticError,
    MemoryError,
)


class _RefusedError(Exception):
    """Why a file is refused that may well be undamaged."""


def _code(what: str) -> _RefusedError:
    return _RefusedError(
        f"it holds code, not only arrays: {what}. Beholder opens no such file; "
        "save the network's state_dict() alone."
    )


def _foreign(content: bytes, kind: str) -> _RefusedError:
    return _RefusedError(f"it is not {kind}: it begins with {content[:12]!r}. Check where it comes from.")


class _Type:
    """Stands for ``numpy.dtype`` in a pickle: NumPy's own would believe forged flags."""

    def __init__(self, code: str, *_: object) -> None:
        if code not in _TYPES:
            raise _RefusedError(f"it holds an array of type {code!r}; expected numbers.")
        self.code = code

    def __setstate__(self, state: tuple[object, ...]) -> None:
        if state[1] not in ("<", "|"):
            raise _RefusedError(f"it holds an array of byte order {state[1]!r}; expected little-endian.")


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
            asked = f"{module}.{name}"
            raise _code(f"it asks for {asked!r}")
        return _ALLOWED[module, name]


def read_weights(path: Path, content: bytes, rename: Mapping[str, str] | None = None) -> dict[str, Tensor]:
    """Tensors of a weight file, by name.

    Args:
        path: Where the content comes from: its ending tells the format, and errors name it. ``.safetensors``,
            ``.pth`` and ``.pt`` (a state dictionary of torch, bare or under ``"state_dict"``), ``.ckpt`` (a
            pickled dictionary of NumPy arrays with kernels in HWIO order, as Flax saves it), ``.json`` (a model
            of libvmaf), ``.tfjs`` (a manifest of TensorFlow.js and its 8-bit data, one behind the other).
        content: The file's bytes.
        rename: Their module's path -> ours; modules that it does not name are left out. Empty: keep all,
            without the ``module.`` that DataParallel puts before every name.

    Raises:
        WeightsError: If the format is unknown, the content is empty, damaged or of another format, or a pickle
            holds anything but arrays.
    """
    readers: dict[str, Callable[[bytes], dict[str, Tensor]]] = {
        ".safetensors": _read_safetensors,
        ".pth": _read_torch,
        ".pt": _read_torch,
        ".ckpt": _read_flax,
        ".json": _read_libvmaf,
        ".tfjs": _read_tensorflow_js,
    }
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise WeightsError(f"{path}: unknown kind of weight file; expected one of {', '.join(readers)}.")
    try:
        if not content:
            raise _RefusedError("it is empty. Copy or download it again.")
        return _rename(reader(content), rename)
    except _RefusedError as error:
        reason = str(error)
    except _DAMAGE:
        reason = "it is damaged or cut short. Copy or download it again."
    # Outside of `except`: torch's own message, which advises to run the file, shall not be shown as the cause.
    raise WeightsError(f"{path}: cannot be read as weights: {reason}")


def _rename(tensors: dict[str, Tensor], rename: Mapping[str, str] | None) -> dict[str, Tensor]:
    if not rename:
        shared = "module." if all(name.startswith("module.") for name in tensors) else ""
        return {name.removeprefix(shared): tensor for name, tensor in tensors.items()}
    renamed = {}
    for name, tensor in tensors.items():
        module, _, parameter = name.rpartition(".")
        if module in rename:
            renamed[f"{rename[module]}.{parameter}"] = tensor
    return renamed


def _read_safetensors(content: bytes) -> dict[str, Tensor]:
    if content[8:9] not in (b"{", b""):
        raise _foreign(content, "of the safetensors format")
    tensors: dict[str, Tensor] = safetensors.torch.load(content)
    return tensors


def _read_torch(content: bytes) -> dict[str, Tensor]:
    _check_saved_by_torch(content)
    try:
        state = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        if asked := re.search(r"GLOBAL (\S+)", str(error)):
            raise _code(f"it asks for {asked[1]!r}") from None
        raise
    if isinstance(state, dict) and isinstance(state.get("state_dict"), dict):
        state = state["state_dict"]
    expected = (
        "expected a state dictionary, bare or under 'state_dict': save the network's state_dict() alone."
    )
    if not isinstance(state, dict):
        raise _RefusedError(f"it holds one {type(state).__name__}; {expected}")
    for name, tensor in state.items():
        if not isinstance(name, str) or not isinstance(tensor, Tensor):
            raise _RefusedError(f"it holds {name!r}, of type {type(tensor).__name__}; {expected}")
    return dict(state)


def _check_saved_by_torch(content: bytes) -> None:
    kind = "what torch.save writes"
    if content.startswith(b"PK\x03\x04"):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = {name.rpartition("/")[2]: name for name in archive.namelist()}
            if "constants.pkl" in members:
                raise _code("it is a TorchScript program")
            if "data.pkl" not in members:
                raise _foreign(content, kind)
            with archive.open(members["data.pkl"]) as pickled:
                content = pickled.read(12)
    if not content.startswith(b"\x80\x02"):  # its pickles are of protocol 2
        raise _foreign(content, kind)


def _read_flax(content: bytes) -> dict[str, Tensor]:
    if not content.startswith(b"\x80"):
        raise _foreign(content, "a pickle")
    return dict(_flatten(_ArrayUnpickler(io.BytesIO(content)).load(), ""))


def _read_libvmaf(content: bytes) -> dict[str, Tensor]:
    if not content.lstrip().startswith(b"{"):
        raise _foreign(content, "a model of libvmaf")
    return read_libvmaf_model(content)


def _read_tensorflow_js(content: bytes) -> dict[str, Tensor]:
    if not content.startswith(b"["):
        raise _foreign(content, "a manifest of TensorFlow.js")
    return read_tensorflow_js(content)


def _flatten(tree: object, module: str) -> Iterator[tuple[str, Tensor]]:
    if not isinstance(tree, Mapping):
        place = f" at {module!r}" if module else ""
        raise _RefusedError(f"it holds one {type(tree).__name__}{place}; expected a dictionary of arrays.")
    for name, value in tree.items():
        path = f"{module}/{name}" if module else f"{name}"
        if not isinstance(value, _Array):
            yield from _flatten(value, path)
        elif name != "kernel":
            yield f"{module}.{name}", torch.from_numpy(value.values.copy())
        elif value.values.ndim == 4:
            yield f"{module}.weight", torch.from_numpy(value.values.transpose(3, 2, 0, 1).copy())
        else:
            raise _RefusedError(f"it holds {path!r} of shape {value.values.shape}; expected HWIO.")
