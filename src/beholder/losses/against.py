"""A loss that compares with one picture, whatever the target."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from torch import Tensor, nn

from beholder.losses.picture_loss import full_precision
from beholder.ops.shapes import check_images
from beholder.spec import ShapeError

if TYPE_CHECKING:
    from beholder.spec import Loss

__all__ = ["Against"]


class Against(nn.Module):
    """A loss that compares with one picture, whatever the target: with a style.

    Losses on features let their network see the picture once for the whole batch.

    Args:
        loss: Any loss.
        picture: What it compares with, shape (3, H, W), in [0, 1]. It may be of another size than the pictures that
            are made, if the loss takes such pairs, as those of style do.

    Raises:
        ShapeError: If ``picture`` is no picture.

    Example:
        >>> loss = Against(create_loss("gram"), painting)
        >>> loss(restored, originals).backward()
    """

    picture: Tensor

    def __init__(self, loss: Loss, picture: Tensor) -> None:
        super().__init__()
        if picture.ndim != 3:
            raise ShapeError(f"the picture has shape {tuple(picture.shape)}; expected (3, H, W).")
        check_images(picture[None], name="the picture")
        self.loss: Any = loss
        # It is what was asked for, not what was learned: in no checkpoint.
        self.register_buffer("picture", picture[None], persistent=False)

    @property
    def inputs(self) -> tuple[str, ...]:
        """Names of what the loss takes besides the two pictures, as keywords."""
        return tuple(getattr(self.loss, "inputs", ()))

    def forward(self, x: Tensor, y: Tensor, **inputs: Tensor) -> Tensor:  # noqa: ARG002 -- the target does not count
        """The loss between x and the picture.

        Args:
            x: Pictures made by the network, shape (N, 3, H, W), about in [0, 1].
            y: Target pictures; not looked at.
            **inputs: What the loss takes besides.

        Returns:
            A scalar to be minimised.

        Raises:
            ShapeError: If the loss does not take x together with the picture.
        """
        x = full_precision(x)
        picture = self.picture.to(x.dtype).expand(len(x), -1, -1, -1)
        value: Tensor = self.loss(x, picture, **inputs)
        return value
