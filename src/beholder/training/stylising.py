"""A picture in the style of another: the picture itself is optimised."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Literal, get_args

import torch
from torch import Tensor
from torch.nn import functional

from beholder.backbones import Backbone
from beholder.backbones.joining import join_trunks
from beholder.backbones.passes import one_pass
from beholder.catalog import create_loss
from beholder.ops.shapes import check_images
from beholder.spec import ShapeError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from beholder.spec import Loss

__all__ = ["STYLES", "Start", "Step", "stylise", "stylise_stepwise"]

Start = Literal["content", "noise"]

STYLES = {
    "gram": ("gram", 10.0),
    "nearest_patch": ("nearest_patch", 3.0),
    # The first layer holds the colours, which cosines of later ones hardly see; drawing keeps it as quick as the rest.
    "contextual": ("contextual:layers=relu1_2+relu2_2+relu3_2+relu4_2:sample=2048", 15.0),
}
"""The style losses that the command offers: what is made, and what it weighs by default."""

_CONTENT = "content:layers=relu4_2"
_RATE = 0.01  # of the 0 to 1 that a pixel has, so that a few dozen steps reach every colour
_COARSEST = 8  # pixels along the shorter side of the coarsest layer, at least


@dataclasses.dataclass(frozen=True)
class Step:
    """How far a picture is.

    Attributes:
        number: Steps that are done, from 1.
        total: The sum that is minimised, before this step.
        content: How far the content is from the content picture's: 1 is as far as a grey picture's.
        style: How far the style is from the style picture's: 1 is as far as the content picture's.
        picture: The picture after this step, shape (1, 3, H, W), in [0, 1].
    """

    number: int
    total: float
    content: float
    style: float
    picture: Tensor


def stylise(
    content: Tensor,
    style: Tensor,
    *,
    style_loss: str | Loss = "gram",
    style_weight: float | None = None,
    content_loss: str | Loss = _CONTENT,
    steps: int = 200,
    start: Start = "content",
    seed: int = 0,
) -> Tensor:
    """A picture with the content of one and the style of another; `stylise_stepwise` tells the rest.

    Returns:
        Shape (1, 3, H, W), in [0, 1].
    """
    taken = stylise_stepwise(
        content,
        style,
        style_loss=style_loss,
        style_weight=style_weight,
        content_loss=content_loss,
        steps=steps,
        start=start,
        seed=seed,
    )
    *_, last = taken
    return last.picture


def stylise_stepwise(
    content: Tensor,
    style: Tensor,
    *,
    style_loss: str | Loss = "gram",
    style_weight: float | None = None,
    content_loss: str | Loss = _CONTENT,
    steps: int = 200,
    start: Start = "content",
    seed: int = 0,
) -> Iterator[Step]:
    r"""Optimise a picture for the content of one picture and the style of another, a step at a time.

    What is minimised, with Adam on the layers of a pyramid, whose sum stays in [0, 1], is

    .. math:: \frac{L_c(x, c)}{L_c(g, c)} + w \frac{L_s(x, s)}{L_s(c, s)}

    with the content picture c, the style picture s and a grey picture g: whatever the losses' units, both terms
    start near 1.

    Args:
        content: The content picture, shape (1, 3, H, W), in [0, 1].
        style: The style picture, shape (1, 3, H', W'), in [0, 1].
        style_loss: A name in `STYLES`, any other catalogue name, or a loss; with pictures of different sizes one that
            takes them.
        style_weight: The weight w; by default that of `STYLES`, and 1 for other losses.
        content_loss: A catalogue name or a loss.
        steps: How many steps, at least 1.
        start: Begin with the content picture, or with ``"noise"``.
        seed: Seed of the noise.

    Yields:
        Each step as it is done.

    Raises:
        UsageError: If an option is impossible.
        ShapeError: If a picture is no single picture, or does not fit a loss.
        WeightsError: If weights are missing.

    References:
        Gatys et al., "Image Style Transfer Using Convolutional Neural Networks", CVPR 2016,
        doi:10.1109/CVPR.2016.265, there with sums of squares, L-BFGS and fixed weights.
    """
    _check(content, style, steps=steps, start=start, style_weight=style_weight)
    style_loss, usual_weight = STYLES.get(style_loss, (style_loss, 1.0))  # type: ignore[arg-type]
    weight = usual_weight if style_weight is None else style_weight
    losses = [create_loss(loss) if isinstance(loss, str) else loss for loss in (content_loss, style_loss)]
    modules = torch.nn.ModuleList(losses).to(content)  # type: ignore[arg-type]  # losses are modules
    join_trunks(module for module in modules.modules() if isinstance(module, Backbone))
    find_content, find_style = losses
    with torch.no_grad():
        whole_content = _unit(find_content(torch.full_like(content, 0.5), content))
        whole_style = _unit(find_style(content, style))
    canvas = _Canvas(_first(content, start, seed))
    optimiser = torch.optim.Adam(canvas.levels, lr=_RATE)
    for number in range(1, steps + 1):
        x = canvas.picture()
        with one_pass():
            far_content = find_content(x, content) / whole_content
            far_style = find_style(x, style) / whole_style
        total = far_content + weight * far_style
        for level, gradient in zip(canvas.levels, torch.autograd.grad(total, canvas.levels), strict=True):
            level.grad = gradient
        optimiser.step()
        picture = canvas.clamp()
        yield Step(number, total.item(), far_content.item(), far_style.item(), picture)


class _Canvas:
    """A picture as the sum of layers from fine to coarse, each enlarged to its size.

    Adam moves every number by as much, whatever its gradient: on pixels alone that paints noise; coarse layers let
    whole areas move together (Mordvintsev et al., "Differentiable Image Parameterizations", Distill 2018,
    doi:10.23915/distill.00012).
    """

    def __init__(self, first: Tensor) -> None:
        self.levels = [first.requires_grad_()]
        height, width = first.shape[-2:]
        while min(height, width) >= 2 * _COARSEST:
            height, width = height // 2, width // 2
            self.levels.append(first.new_zeros(1, 3, height, width).requires_grad_())

    def picture(self) -> Tensor:
        finest, *coarser = self.levels
        enlarged = [
            functional.interpolate(level, finest.shape[-2:], mode="bilinear", antialias=False)
            for level in coarser
        ]
        return torch.stack([finest, *enlarged]).sum(0)

    @torch.no_grad()
    def clamp(self) -> Tensor:
        """Bring the picture into [0, 1]: what is too much is taken from the finest layer."""
        x = self.picture()
        clamped = x.clamp(0, 1)
        self.levels[0] += clamped - x
        return clamped


def _unit(value: Tensor) -> Tensor:
    """What a loss is measured in; a picture that is already there leaves it as it is."""
    return torch.where(value > 0, value, 1)


def _first(content: Tensor, start: Start, seed: int) -> Tensor:
    if start == "content":
        return content.detach().clone()
    # Drawn on the processor: the same picture on every device.
    noise = torch.rand(content.shape, generator=torch.Generator().manual_seed(seed))
    return noise.to(content)


def _check(content: Tensor, style: Tensor, *, steps: int, start: str, style_weight: float | None) -> None:
    for name, picture in (("content", content), ("style", style)):
        check_images(picture, name=name)
        if len(picture) != 1:
            raise ShapeError(f"{name} has {len(picture)} pictures; expected one, of shape (1, 3, H, W).")
    if isinstance(steps, bool) or not isinstance(steps, int) or steps < 1:
        raise UsageError(f"steps is {steps!r}; expected 1 or more.")
    if start not in get_args(Start):
        raise UsageError(f"start is {start!r}; expected one of {', '.join(get_args(Start))}.")
    if style_weight is not None and not 0 <= style_weight < float("inf"):
        raise UsageError(f"the style weight is {style_weight!r}; expected a number of at least 0.")
