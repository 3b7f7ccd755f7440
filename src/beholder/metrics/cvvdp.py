"""ColorVideoVDP, by its authors' own package."""

from __future__ import annotations

import copy
import importlib
from typing import Any

import torch
from torch import Tensor, nn

from beholder.ops.shapes import check_pair
from beholder.spec import MetricSpec, MissingPackageError, UsageError, did_you_mean

__all__ = ["CVVDP"]

_MIN_SIZE = 4  # a pyramid of at least one band


class CVVDP(nn.Module):
    """ColorVideoVDP of still pictures on a display: what an eye would tell apart, in just-objectionable differences.

    The arithmetic is the package's, in single precision whatever the pictures' type.

    Args:
        display: A display model of the package whose pictures are sRGB-encoded: ``"standard_4k"``,
            ``"standard_fhd"``, ``"standard_phone"``, ... It holds size, distance, luminance, contrast and ambient
            light.

    Raises:
        UsageError: If the display is unknown, or does not show sRGB-encoded pictures.
        MissingPackageError: If the package cvvdp is not installed.

    References:
        Mantiuk et al., "ColorVideoVDP: A visual difference predictor for image, video and display distortions",
        ACM Transactions on Graphics (SIGGRAPH) 2024, doi:10.1145/3658144.
    """

    def __init__(self, display: str = "standard_4k") -> None:
        super().__init__()
        self.spec = self.describe(display)
        self.display = display
        _check_display(_package(), display)
        self._models: dict[tuple[torch.device, str | None], Any] = {}

    @staticmethod
    def describe(display: str = "standard_4k") -> MetricSpec:
        """The specification of the metric on this display."""
        if not isinstance(display, str):
            raise UsageError(f"display is {display!r}; expected the name of a display, such as standard_4k.")
        return MetricSpec(
            name="cvvdp",
            title="ColorVideoVDP: differences that an eye would see on a display",
            direction="higher",
            best=10.0,
            range=(-float("inf"), 10.0),
            unit="JOD",
            differentiable=True,
            symmetric=False,
            min_size=_MIN_SIZE,
            paper="Mantiuk et al., ACM TOG 2024, doi:10.1145/3658144",
            map_range=(0.0, 0.3),
        )

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        """Score (N, 3, H, W) pairs: shape (N,), in JOD, at most 10."""
        check_pair(x, y, min_size=self.spec.min_size)
        return self._predict(x, y)[0]

    def score_and_map(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """Scores, shape (N,), and lost JODs at each pixel over 10, shape (N, 1, H, W), in half precision."""
        scores = self(x, y)
        pairs = zip(torch.split(x, 1), torch.split(y, 1), strict=True)
        maps = [self._predict(*pair, heatmap="raw")[1]["heatmap"][:, :, 0] for pair in pairs]
        return scores, torch.cat(maps).to(x)

    def _predict(self, x: Tensor, y: Tensor, heatmap: str | None = None) -> tuple[Tensor, Any]:
        gradients = torch.is_grad_enabled()
        # The package keeps tensors for later calls, which may want gradients through them.
        with torch.inference_mode(mode=False), torch.set_grad_enabled(gradients):
            # A copy, since a call changes the object and calls may come from several threads.
            model = copy.copy(self._model(x.device, heatmap))
            # The package breaks off at a pixel that is no number; here only its picture's score is none.
            finite = (torch.nan_to_num(side, 0, 0, 0).float() for side in (x, y))
            scores, told = model.predict(*finite, dim_order="BCHW")
            taint = 0 * (x + y).flatten(1).sum(1)
        return scores.reshape(-1).to(x.dtype) + taint, told

    def _model(self, device: torch.device, heatmap: str | None) -> Any:
        if (device, heatmap) not in self._models:
            options = {"device": device, "heatmap": heatmap, "quiet": True}
            self._models[device, heatmap] = _package().cvvdp(self.display, **options)
        return self._models[device, heatmap]


def _package() -> Any:
    try:
        return importlib.import_module("pycvvdp")
    except ModuleNotFoundError as error:
        raise MissingPackageError("ColorVideoVDP is in the package cvvdp: pip install cvvdp") from error


def _check_display(package: Any, display: str) -> None:
    files = package.utils.config_files
    known = package.utils.json2dict(files.find("display_models.json", []))
    if display not in known:
        raise UsageError(
            f"there is no display {display!r}.{did_you_mean(display, known)} See {sorted(known)}."
        )
    encoding = package.vvdp_display_photometry.load(display, []).EOTF
    if encoding != "sRGB":
        raise UsageError(
            f"the display {display!r} shows {encoding} pictures; expected one for sRGB pictures."
        )
