"""Video multi-method assessment fusion (VMAF) of clips and of still pictures, differentiable."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from beholder.backbones import WeightFile, door
from beholder.metrics.adm import ADM_MIN_SIZE, adm_scores, luma_around_mean
from beholder.metrics.vif_scales import vif_scales
from beholder.ops.motion import motion
from beholder.ops.shapes import check_images, check_pair
from beholder.ops.sums import wide_type
from beholder.spec import MetricSpec, ShapeError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["VMAF", "vmaf", "vmaf_features"]

_CARD = "vmaf_v0.6.1"
_FEATURES = ("adm2", "motion2", "vif_scale0", "vif_scale1", "vif_scale2", "vif_scale3")  # the model's order
_STILL_BEST = 97.4280426426  # adm2 and the four VIF all 1, motion2 0
_PHONE_BEST = 100.0
_GAIN_LIMIT, _NEG_GAIN_LIMIT = 100.0, 1.0


def vmaf_features(x: Tensor, y: Tensor, *, neg: bool = False) -> dict[str, Tensor]:
    """What VMAF looks at, for each frame of a clip.

    Args:
        x: Luma of the distorted clip, frames in order, shape (T, 1, H, W), 8-bit levels in [0, 255] (those of
            10 bits divided by 4), H and W at least 17.
        y: Luma of the reference clip, same shape.
        neg: Count no gain of contrast ("no enhancement gain"): what was sharpened scores no higher.

    Returns:
        ``adm2``, ``aim``, ``motion``, ``motion2``, ``vif_scale0`` to ``vif_scale3`` and ``adm_scale0`` to
        ``adm_scale3`` as libvmaf names them, each of shape (T,). ``motion2`` of the first frame is 0.

    Raises:
        ShapeError: If the shapes differ, a side is shorter than 17, or ``y`` leaves [0, 255].
    """
    _check_luma(x, y)
    before, motion2 = motion(y)
    return {**_still_features(x, y, neg=neg), "motion": before, "motion2": motion2}


def _still_features(x: Tensor, y: Tensor, *, neg: bool) -> dict[str, Tensor]:
    limit = _NEG_GAIN_LIMIT if neg else _GAIN_LIMIT
    detail, additive, scales = adm_scores(x, y, gain_limit=limit)
    features = {"adm2": detail, "aim": additive}
    for index, (adm, vif) in enumerate(zip(scales, vif_scales(x, y, gain_limit=limit), strict=True)):
        features |= {f"adm_scale{index}": adm, f"vif_scale{index}": vif}
    return features


def _check_luma(x: Tensor, y: Tensor) -> None:
    for name, planes in (("x", x), ("y", y)):
        check_images(planes, name=name, min_size=ADM_MIN_SIZE, channels=1)
    if x.shape != y.shape or x.dtype != y.dtype or x.device != y.device:
        raise ShapeError(
            f"x is {x.dtype} of shape {tuple(x.shape)} on {x.device}, y {y.dtype} of shape {tuple(y.shape)} on "
            f"{y.device}; expected the same for both clips."
        )
    if not torch.compiler.is_compiling():
        low, high = torch.stack(y.detach().aminmax()).tolist()
        if not (low >= 0 and high <= 255):
            raise ShapeError(
                f"the reference y holds values from {low:g} to {high:g}; expected 8-bit levels, [0, 255]. "
                "Divide those of 10 bits by 4."
            )


def vmaf(
    x: Tensor, y: Tensor, model: Mapping[str, Tensor], *, neg: bool = False, phone: bool = False
) -> Tensor:
    """VMAF of each frame of a clip.

    Args:
        x: Luma of the distorted clip, frames in order, shape (T, 1, H, W), in [0, 255], H and W at least 17.
        y: Luma of the reference clip, same shape.
        model: Numbers of the model, as ``door.load("vmaf_v0.6.1")`` gives them.
        neg: Count no gain of contrast ("no enhancement gain").
        phone: Transform to what people say who watch on a phone, as the model file gives it.

    Returns:
        One score per frame, shape (T,), in [0, 100]; higher is better. libvmaf's score of a clip is their mean.

    Raises:
        ShapeError: If the shapes differ, a side is shorter than 17, or ``y`` leaves [0, 255].

    References:
        Li et al., "Toward a Practical Perceptual Video Quality Metric", Netflix 2016; libvmaf's float model.
        Deviation from libvmaf: none in the definition; see ``adm_scores`` for the gradient.
    """
    return _regress(vmaf_features(x, y, neg=neg), model, phone=phone)


def _regress(features: Mapping[str, Tensor], model: Mapping[str, Tensor], *, phone: bool) -> Tensor:
    """Scores from features by LIBSVM's regression: scaled features, radial kernel, scaled back, clipped."""
    stacked = torch.stack([features[name] for name in _FEATURES], 1)
    # The sum of 211 terms of both signs would cost float32 three digits.
    numbers = {name: tensor.to(stacked.device, wide_type(stacked)) for name, tensor in model.items()}
    slopes, intercepts = numbers["slopes"], numbers["intercepts"]
    scaled = stacked.to(slopes) * slopes[1:] + intercepts[1:]
    distances = (scaled.unsqueeze(1) - numbers["support"]).square().sum(2)
    kernel = torch.exp(-numbers["gamma"] * distances)
    fused = (kernel * numbers["coefficients"]).sum(1) - numbers["rho"]
    scores = (fused - intercepts[0]) / slopes[0]
    if phone:
        constant, linear, square = numbers["transform"]
        scores = torch.maximum(constant + linear * scores + square * scores * scores, scores)
    return scores.clamp(0, 100).to(stacked)


class VMAF(nn.Module):
    """VMAF v0.6.1 of still pictures: each pair is a clip of one frame, its motion 0.

    The pictures' BT.601 luma (studio swing, 16 to 235) is what libvmaf sees, but for its rounding to 8 bits.

    Args:
        neg: Count no gain of contrast ("no enhancement gain", vmaf_v0.6.1neg): what was sharpened scores no higher.
        phone: Transform to what people say who watch on a phone (libvmaf's "enable_transform").

    Raises:
        WeightsError: If the model is missing or damaged.
    """

    def __init__(self, *, neg: bool = False, phone: bool = False) -> None:
        super().__init__()
        self.spec = self.describe(neg=neg, phone=phone)
        self.neg = neg
        self.phone = phone
        model, file = door.load(_CARD)
        self.weights: tuple[WeightFile, ...] = (file,)
        self._names = tuple(model)
        for name, tensor in model.items():
            self.register_buffer(name, tensor, persistent=False)

    @staticmethod
    def describe(*, neg: bool = False, phone: bool = False) -> MetricSpec:
        """The specification of the metric with these options."""
        for name, value in (("neg", neg), ("phone", phone)):
            if not isinstance(value, bool):
                raise UsageError(f"{name} is {value!r}; expected true or false.")
        return MetricSpec(
            name="vmaf",
            title="Fusion of information fidelity and detail loss, learned from people's ratings of films"
            + (", without gain of contrast" if neg else ""),
            direction="higher",
            best=_PHONE_BEST if phone else _STILL_BEST,
            range=(0.0, 100.0),
            unit="1",
            differentiable=True,
            symmetric=False,
            min_size=ADM_MIN_SIZE,
            paper="Li et al., Netflix 2016; libvmaf v0.6.1 model",
            weights=(_CARD,),
        )

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        """Score (N, 3, H, W) pairs: shape (N,), in [0, 100]."""
        check_pair(x, y, min_size=self.spec.min_size)
        features = _still_features(*luma_around_mean(x, y), neg=self.neg)
        features["motion2"] = torch.zeros_like(features["adm2"])
        model = {name: self.get_buffer(name) for name in self._names}
        return _regress(features, model, phone=self.phone)
