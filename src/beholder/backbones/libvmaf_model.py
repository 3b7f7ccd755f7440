"""Models of libvmaf: support vector regression of a score from features, in JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Iterable

    from torch import Tensor

__all__ = ["read_libvmaf_model"]

_FEATURES = ("adm2", "motion2", "vif_scale0", "vif_scale1", "vif_scale2", "vif_scale3")


def read_libvmaf_model(content: bytes) -> dict[str, Tensor]:
    """Numbers of a model file, in float64.

    Args:
        content: The file: JSON that holds a model in LIBSVM's text format.

    Returns:
        ``slopes`` and ``intercepts`` of the score and the six features, shape (7,) each; ``support`` vectors,
        shape (S, 6), their ``coefficients``, shape (S,), and the ``gamma`` and ``rho`` of LIBSVM, shape (); the
        ``transform`` to the scores of a phone's screen, a polynomial's coefficients in rising order, shape (3,).

    Raises:
        ValueError: If it is no model of VMAF's features by a support vector machine with a radial kernel.
    """
    model = json.loads(content)["model_dict"]
    names = tuple(name.partition("feature_")[2].removesuffix("_score") for name in model["feature_names"])
    header, _, vectors = model["model"].partition("SV\n")
    fields = dict(line.split(" ", 1) for line in header.splitlines())
    if names != _FEATURES or fields["svm_type"] != "nu_svr" or fields["kernel_type"] != "rbf":
        raise ValueError("not a radial support vector regression of VMAF's features")
    rows = [_dense(line.split()) for line in vectors.splitlines() if line.strip()]
    table = _tensor(number for row in rows for number in row).view(
        int(fields["total_sv"]), 1 + len(_FEATURES)
    )
    transform = model["score_transform"]
    return {
        "slopes": _tensor(model["slopes"]),
        "intercepts": _tensor(model["intercepts"]),
        "coefficients": table[:, 0].clone(),
        "support": table[:, 1:].clone(),
        "gamma": torch.tensor(float(fields["gamma"]), dtype=torch.float64),
        "rho": torch.tensor(float(fields["rho"]), dtype=torch.float64),
        "transform": _tensor(float(transform[f"p{power}"]) for power in range(3)),
    }


def _dense(words: list[str]) -> list[float]:
    """Coefficient and features of "4 1:0.5 3:0.25"; what is left out is 0."""
    row = [float(words[0]), *(0.0 for _ in _FEATURES)]
    for word in words[1:]:
        index, _, value = word.partition(":")
        row[int(index)] = float(value)
    return row


def _tensor(numbers: Iterable[float]) -> Tensor:
    return torch.tensor(list(numbers), dtype=torch.float64)
