"""What every discriminator is."""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor, nn

from beholder.networks.options import check_count, check_input

__all__ = ["Discriminator"]


class Discriminator(nn.Module):
    """A network from pictures to how real they look, before any sigmoid; each picture is judged by itself.

    Args:
        channels: Of the pictures; more where what they were made from is shown beside them.

    Attributes:
        title: One line that says what it is.
        paper: Authors, venue, year, and DOI or arXiv number.
        min_size: Smallest height and width, in pixels, that it judges.

    Raises:
        UsageError: If ``channels`` is no whole number of at least 1.
    """

    title: ClassVar[str]
    paper: ClassVar[str]
    min_size: int = 1

    def __init__(self, *, channels: int) -> None:
        super().__init__()
        check_count("channels", channels)
        self.channels = channels

    def judge(self, x: Tensor) -> Tensor:
        """How real pictures look, shape (N, 1, h, w) or (N, 1)."""
        raise NotImplementedError

    def forward(self, x: Tensor) -> Tensor:
        """Judge pictures.

        Args:
            x: Shape (N, C, H, W), about in [0, 1].

        Returns:
            Shape (N, 1, h, w), a map over places, or (N, 1): higher looks more real; no bounds.

        Raises:
            ShapeError: If the shape or the type is another, or a side is below `min_size`.
        """
        check_input(x, self.channels, self.min_size)
        return self.judge(x)
