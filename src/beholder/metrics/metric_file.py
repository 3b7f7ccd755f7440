"""Metrics that are kept in files: the tensors, and in words what it takes to build the metric."""

from __future__ import annotations

import contextlib
import json
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from beholder.backbones import WeightFile, door
from beholder.spec import UsageError, WeightsError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

__all__ = ["SUFFIX", "Form", "MetricFile", "read_metric", "save_metric", "tell_metric", "write_tensors"]

Form = Literal["lpips", "ensemble"]
SUFFIX = ".safetensors"

_KEY = "metric"
_EXPECTED = "expected a metric, as `beholder calibrate` saves it"
# What other files of ours tell of themselves.
_OTHERS = {
    "model": "holds a network that restores pictures, for `beholder restore`",
    "preference": "holds a model of preference, which distances go into",
    "channel": "holds a model of natural pictures, for niqe:FILE",
}


class MetricFile(NamedTuple):
    """What a file holds.

    Attributes:
        told: What it tells of the metric, with its ``form``.
        tensors: Its tensors, by name.
        record: The file, for the provenance of scores.
    """

    told: dict[str, Any]
    tensors: dict[str, Tensor]
    record: WeightFile


def save_metric(
    path: str | Path,
    form: Form,
    told: Mapping[str, Any],
    tensors: Mapping[str, Tensor],
    about: Mapping[str, Any] | None = None,
) -> Path:
    """Write a metric, whole or not at all.

    Args:
        path: ``.safetensors`` file.
        form: What the file is read as.
        told: What it takes to build the metric, as JSON can hold it.
        tensors: Its tensors, by name.
        about: What else there is to tell: data, options, scores, as JSON can hold it.

    Returns:
        The file.

    Raises:
        UsageError: If the file's ending is another, or it cannot be written.
    """
    words = {"form": form, "beholder": version("beholder"), **told, "about": dict(about or {})}
    return write_tensors(path, tensors, _KEY, words)


def write_tensors(
    path: str | Path, tensors: Mapping[str, Tensor], key: str, words: Mapping[str, Any]
) -> Path:
    """Write tensors, and words beside them, whole or not at all.

    Args:
        path: ``.safetensors`` file.
        tensors: The tensors, by name.
        key: What the words stand under in the file's metadata.
        words: As JSON can hold them.

    Raises:
        UsageError: If the file's ending is another, or it cannot be written.
    """
    path = Path(path)
    if path.suffix.lower() != SUFFIX:
        raise UsageError(f"{path}: expected a file that ends in {SUFFIX}.")
    plain = {name: tensor.detach().cpu().clone().contiguous() for name, tensor in tensors.items()}
    content = save(plain, {key: json.dumps(words, ensure_ascii=False, allow_nan=False)})
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Written beside it and renamed: nobody reads half a file.
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=".") as folder:
            partial = Path(folder) / path.name
            partial.write_bytes(content)
            partial.replace(path)
    except OSError as error:
        raise UsageError(f"{path}: cannot be written: {error.strerror or error}.") from error
    return path


def tell_metric(path: str | Path, form: Form | None = None) -> dict[str, Any]:
    """What a file tells of the metric in it; the tensors are not read.

    Args:
        path: What `save_metric` wrote.
        form: What it must be; anything by default.

    Raises:
        WeightsError: If the file is missing, damaged, or holds something else.
    """
    path = Path(path)
    if not path.is_file():
        found = "is a folder; name the file in it" if path.is_dir() else "there is no such file"
        raise WeightsError(f"{path}: {found}.")
    try:
        with safe_open(path, framework="pt") as file:
            held: dict[str, str] = file.metadata() or {}
    except (OSError, SafetensorError) as error:
        raise WeightsError(f"{path}: cannot be read: {error}; {_EXPECTED}.") from error
    told = None
    with contextlib.suppress(ValueError):
        told = json.loads(held.get(_KEY, "null"))
    if not isinstance(told, dict):
        other = next(
            (said for key, said in _OTHERS.items() if key in held), "holds tensors, but tells of no metric"
        )
        raise WeightsError(f"{path}: {other}; {_EXPECTED}.")
    if form is not None and told.get("form") != form:
        raise WeightsError(f"{path}: holds a metric of the form {told.get('form')!r}; expected {form!r}.")
    return told


def read_metric(path: str | Path, form: Form) -> MetricFile:
    """Read a metric that `save_metric` wrote.

    Raises:
        WeightsError: As `tell_metric`.
    """
    told = tell_metric(path, form)
    tensors, record = door.load(f"{form} metric", path)
    return MetricFile(told, tensors, record)
