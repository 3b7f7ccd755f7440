"""Natural image quality evaluator (NIQE): how natural a picture looks, without a reference."""

from __future__ import annotations

import importlib
import io
import zlib
from pathlib import Path
from typing import NamedTuple

import torch
from safetensors import safe_open
from torch import Tensor, nn
from torch.nn import functional

from beholder.backbones import WeightFile, door
from beholder.ops.color import CHANNELS, Channel, check_channel, select_channel
from beholder.ops.filters import gaussian_kernel
from beholder.ops.resize import resize
from beholder.ops.shapes import check_images
from beholder.spec import MetricSpec, UsageError, WeightsError

__all__ = ["NIQE", "BlockFeatures", "block_features", "niqe"]

_BLOCK = 96
_MIN_SIZE = 2 * _BLOCK  # a covariance wants more than one block
_FEATURES = 36
_WINDOW, _SIGMA = 7, 7 / 6
# What scipy makes of a damaged file.
_DAMAGE = (
    ValueError,
    TypeError,
    LookupError,
    ArithmeticError,
    EOFError,
    OSError,
    NotImplementedError,
    zlib.error,
)
_SHIFTS = ((0, 1), (1, 0), (1, 1), (1, -1))


class BlockFeatures(NamedTuple):
    """What is measured of each block of 96x96 pixels.

    Attributes:
        features: Shape (N, P, 36), float64; NaN where a block is flat.
        sharpness: Mean local deviation of the block, shape (N, P), in grey levels of 255.
    """

    features: Tensor
    sharpness: Tensor


def block_features(grey: Tensor) -> BlockFeatures:
    r"""Natural scene statistics of blocks of 96x96 pixels, at full and half resolution.

    Grey levels, less their local mean, are divided by their local deviation plus 1 (of 255). Of these numbers and of
    their products with four neighbours, asymmetric generalised Gaussians are fitted to each block by their moments:
    2 parameters of the first, 4 each of the products, at two resolutions. What is left over at the right and at the
    bottom is not looked at.

    Args:
        grey: Grey images, shape (N, 1, H, W), in [0, 1], H and W at least 96.
    """
    rows, columns = grey.shape[-2] // _BLOCK, grey.shape[-1] // _BLOCK
    image = 255 * grey[..., : rows * _BLOCK, : columns * _BLOCK].double()
    normal, deviation = _normalise(image)
    half, _ = _normalise(resize(image, image.shape[-2] // 2, image.shape[-1] // 2))
    features = [
        _describe_blocks(_cut(plane, side)) for plane, side in ((normal, _BLOCK), (half, _BLOCK // 2))
    ]
    return BlockFeatures(torch.cat(features, -1), _cut(deviation, _BLOCK).mean((-2, -1)))


def _normalise(image: Tensor) -> tuple[Tensor, Tensor]:
    """Contrast-normalised levels, and the local deviation."""
    kernel = gaussian_kernel(_WINDOW, _SIGMA, image)
    window = (kernel[:, None] * kernel[None]).view(1, 1, _WINDOW, _WINDOW)
    padded = functional.pad(image, (_WINDOW // 2,) * 4, mode="replicate")
    mean = functional.conv2d(padded, window)
    deviation = (functional.conv2d(padded * padded, window) - mean * mean).abs().sqrt()
    return (image - mean) / (deviation + 1), deviation


def _cut(plane: Tensor, side: int) -> Tensor:
    """Blocks of (N, 1, H, W), row by row: shape (N, P, side, side)."""
    return plane[:, 0].unfold(1, side, side).unfold(2, side, side).flatten(1, 2)


def _describe_blocks(blocks: Tensor) -> Tensor:
    shape, left, right = _fit_aggd(blocks)
    described = [shape, (left + right) / 2]
    for shift in _SHIFTS:
        shape, left, right = _fit_aggd(blocks * blocks.roll(shift, (-2, -1)))
        mean = (right - left) * torch.exp(torch.lgamma(2 / shape) - torch.lgamma(1 / shape))
        described += [shape, mean, left, right]
    return torch.stack(described, -1)


def _fit_aggd(blocks: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Shape and both scales of an asymmetric generalised Gaussian, by its moments, each (N, P).

    The shape is the nearest of 0.2, 0.201, ... 10.
    """
    values = blocks.flatten(-2)
    squares = values * values
    below, above = values < 0, values > 0
    left = ((squares * below).sum(-1) / below.sum(-1)).sqrt()
    right = ((squares * above).sum(-1) / above.sum(-1)).sqrt()
    skew = left / right
    ratio = values.abs().mean(-1).square() / squares.mean(-1)
    wanted = ratio * (skew**3 + 1) * (skew + 1) / (skew**2 + 1).square()
    shapes = torch.arange(200, 10_001, dtype=values.dtype, device=values.device) / 1000
    first, second, third = (torch.lgamma(order / shapes) for order in (1, 2, 3))
    ratios = torch.exp(2 * second - first - third)  # rises with the shape
    middles = (ratios[1:] + ratios[:-1]) / 2
    shape = shapes[torch.searchsorted(middles, wanted.contiguous())] + 0 * wanted
    scale = torch.exp((torch.lgamma(1 / shape) - torch.lgamma(3 / shape)) / 2)
    return shape, left * scale, right * scale


def niqe(x: Tensor, mean: Tensor, covariance: Tensor) -> Tensor:
    r"""Distance of a picture's block statistics from those of natural, undistorted pictures.

    .. math:: \sqrt{(\nu - \mu)^T \left(\frac{\Sigma_\nu + \Sigma_\mu}{2}\right)^{+} (\nu - \mu)}

    where :math:`\nu, \Sigma_\nu` are mean and covariance of the picture's `block_features`.

    Args:
        x: Grey images, shape (N, 1, H, W), in [0, 1], H and W at least 192.
        mean: Mean :math:`\mu` of natural blocks, shape (36,), float64.
        covariance: Their covariance :math:`\Sigma_\mu`, shape (36, 36), float64.

    Returns:
        One distance per image, shape (N,), in [0, inf); lower is better. NaN where fewer than two blocks have
        texture. No gradient flows back: shapes are picked from a list.

    Raises:
        ShapeError: If x is no such batch.

    References:
        Mittal et al., "Making a 'Completely Blind' Image Quality Analyzer", IEEE Signal Processing Letters 2013,
        doi:10.1109/LSP.2012.2227726. Deviation from the authors' code: sides below 192 are refused.
    """
    check_images(x, min_size=_MIN_SIZE, channels=1)
    with torch.no_grad():
        scores = [_distance(features, mean, covariance) for features in block_features(x).features]
        taint = 0 * x.flatten(1).sum(1)  # blocks that are not numbers are left out; pixels must not be
        return torch.stack(scores).to(x.dtype) + taint


def _distance(features: Tensor, mean: Tensor, covariance: Tensor) -> Tensor:
    whole = features[features.isfinite().all(1)]
    if len(whole) < 2:
        return features.new_full((), torch.nan)
    apart = features.nanmean(0) - mean
    pooled = (whole.T.cov() + covariance) / 2
    squared: Tensor = apart @ torch.linalg.pinv(pooled, hermitian=True) @ apart
    return squared.clamp_min(0).sqrt()


class NIQE(nn.Module):
    """NIQE against a model of natural pictures; takes pictures without references.

    Args:
        model: What `beholder.data.natural.fit_niqe` saved, or the authors' ``modelparameters.mat``.
        channel: ``"grey8"`` (rounded to 8 bits, as in the authors' code), ``"grey"`` or ``"y"``. By default what the
            model was fitted to, and ``"grey8"`` where it does not tell.

    Raises:
        UsageError: If an option is impossible.
        WeightsError: If the file is missing, or holds no such model.
    """

    mean: Tensor
    covariance: Tensor

    def __init__(self, model: str | Path | None = None, *, channel: Channel | None = None) -> None:
        super().__init__()
        if model is None:
            raise UsageError(
                "niqe wants a model of natural pictures: niqe:natural.safetensors. "
                "`beholder weights fit-niqe PHOTOGRAPHS natural.safetensors` makes one."
            )
        self.spec = self.describe(model, channel=channel)
        mean, covariance, file = _read_model(Path(model))
        fitted = _fitted_channel(Path(model))
        if None not in (channel, fitted) and channel != fitted:
            raise UsageError(f"{model}: was fitted to {fitted!r}, not to {channel!r}; leave out the channel.")
        self.channel: Channel = channel or fitted or "grey8"
        self.register_buffer("mean", mean, persistent=False)
        self.register_buffer("covariance", covariance, persistent=False)
        self.weights: tuple[WeightFile, ...] = (file,)

    @staticmethod
    def describe(model: str | Path | None = None, *, channel: Channel | None = None) -> MetricSpec:
        """The specification of the metric with these options."""
        if channel is not None:
            check_channel(channel, ("grey8", "grey", "y"))
        if model is not None and not isinstance(model, str | Path):
            raise UsageError(f"model is {model!r}; expected the path of a fitted model.")
        return MetricSpec(
            name="niqe",
            title="Distance of block statistics from those of natural pictures",
            direction="lower",
            best=0.0,
            range=(0.0, float("inf")),
            unit="1",
            differentiable=False,
            symmetric=False,
            min_size=_MIN_SIZE,
            paper="Mittal et al., IEEE SPL 2013, doi:10.1109/LSP.2012.2227726",
            needs_reference=False,
        )

    def forward(self, x: Tensor) -> Tensor:
        """Score (N, 3, H, W) pictures: shape (N,), at least 0."""
        check_images(x, min_size=self.spec.min_size)
        grey = select_channel(x, self.channel)
        return niqe(grey, self.mean.double(), self.covariance.double())


def _read_model(path: Path) -> tuple[Tensor, Tensor, WeightFile]:
    if path.suffix.lower() == ".mat":
        tensors, file = _read_matlab(path)
    else:
        tensors, file = door.load("niqe", path)
    shapes = {name: tuple(tensor.shape) for name, tensor in tensors.items()}
    if shapes != {"mean": (_FEATURES,), "covariance": (_FEATURES, _FEATURES)}:
        raise WeightsError(
            f"{path}: it holds {shapes}; expected mean and covariance of {_FEATURES} features, as "
            "`beholder weights fit-niqe` saves them."
        )
    return tensors["mean"].double(), tensors["covariance"].double(), file


def _fitted_channel(path: Path) -> Channel | None:
    """The channel that a model tells of; those of MATLAB tell none."""
    if path.suffix.lower() == ".mat":
        return None
    with safe_open(path, framework="pt") as file:
        told = (file.metadata() or {}).get("channel")
    return next((channel for channel in CHANNELS if channel == told), None)


def _read_matlab(path: Path) -> tuple[dict[str, Tensor], WeightFile]:
    matlab = importlib.import_module("scipy.io.matlab")  # here, since it is slow to load
    try:
        content = path.read_bytes()
    except OSError as error:
        raise WeightsError(f"{path}: cannot be read: {error.strerror}.") from error
    if not content.startswith(b"MATLAB 5"):
        raise WeightsError(f"{path}: it is not a MATLAB 5 file: it begins with {content[:12]!r}.")
    try:
        held = matlab.loadmat(io.BytesIO(content), variable_names=["mu_prisparam", "cov_prisparam"])
    except (*_DAMAGE, matlab.MatReadError) as error:
        raise WeightsError(f"{path}: cannot be read; it is damaged or cut short. Copy it again.") from error
    names = {"mean": "mu_prisparam", "covariance": "cov_prisparam"}
    tensors = {ours: torch.from_numpy(held[name]) for ours, name in names.items() if name in held}
    if "mean" in tensors:
        tensors["mean"] = tensors["mean"].flatten()
    return tensors, WeightFile("niqe", path.name, door.sha256_of(content))
