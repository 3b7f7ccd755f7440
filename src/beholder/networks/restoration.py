"""What every restoration network is."""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor, nn

from beholder.networks.options import check_choice, check_input
from beholder.networks.padding import pad_to_multiple

__all__ = ["RestorationNetwork"]


class RestorationNetwork(nn.Module):
    """A network from pictures to pictures: `restore` says how; calling it takes pictures of any size.

    Its options are keywords with plain values (numbers, names, true and false), so that a recipe or the metadata of
    a file of weights can hold them.

    Args:
        channels: 3 for RGB, 1 for luma or grey.
        scale: Output pixels per input pixel, along each side.
        multiple: `restore` gets sides that are multiples of this.
        min_size: `restore` gets sides of at least this.

    Attributes:
        title: One line that says what it is.
        paper: Authors, venue, year, and DOI or arXiv number; empty for our own.

    Raises:
        UsageError: If ``channels`` is neither 3 nor 1.
    """

    title: ClassVar[str]
    paper: ClassVar[str] = ""

    def __init__(self, *, channels: int, scale: int = 1, multiple: int = 1, min_size: int = 1) -> None:
        super().__init__()
        check_choice("channels", channels, (3, 1))
        self.channels = channels
        self.scale = scale
        self._multiple = multiple
        self._min_size = min_size

    def restore(self, x: Tensor) -> Tensor:
        """The restored pictures, shape (N, C, scale * H, scale * W), of such sides as the network can take."""
        raise NotImplementedError

    def forward(self, x: Tensor) -> Tensor:
        """Restore pictures.

        Args:
            x: Shape (N, C, H, W), H and W at least 1, in [0, 1].

        Returns:
            Shape (N, C, scale * H, scale * W), about in [0, 1]: not clamped, so that gradients flow beyond.

        Raises:
            ShapeError: If the shape or the type is another.
        """
        check_input(x, self.channels)
        height, width = (self.scale * side for side in x.shape[-2:])
        return self.restore(pad_to_multiple(x, self._multiple, self._min_size))[..., :height, :width]
