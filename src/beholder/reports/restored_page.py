"""The page of restored pictures: each before and after, with a divider between."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from beholder.reports.embed import pixels_uri
from beholder.reports.page import readable_date, write_page
from beholder.spec import ShapeError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from torch import Tensor

    from beholder.reports.gains import Gains

__all__ = ["Comparison", "Restorations", "write_restored_page"]

_WIDEST, _HIGHEST = 1200, 900  # pixels of what is shown of a picture


@dataclasses.dataclass(frozen=True)
class Comparison:
    """A picture in several versions, each as a data URI.

    Attributes:
        name: What it is called.
        size: Width and height of what is shown, in pixels of the largest version.
        versions: What each is, and its URI.
        notes: What there is to tell of it.
    """

    name: str
    size: tuple[int, int]
    versions: Sequence[tuple[str, str]]
    notes: Sequence[str]


@dataclasses.dataclass
class Restorations:
    """What a page shows: pictures in the order in which they come, until the budget is used up.

    Attributes:
        budget: Most characters that all data URIs may take together.
        shown: The pictures that are embedded.
        left_out: Names of those that no longer fitted.
        failed: Why others could not be restored.
    """

    budget: int = 25_000_000
    shown: list[Comparison] = dataclasses.field(default_factory=list)
    left_out: list[str] = dataclasses.field(default_factory=list)
    failed: list[str] = dataclasses.field(default_factory=list)

    def add(self, name: str, versions: Mapping[str, Tensor], notes: Sequence[str] = ()) -> None:
        """Embed a picture, without loss; of a large one the middle, 1200x900 pixels at most.

        Args:
            name: What it is called.
            versions: What each is, and its pixels, (3, H, W), in [0, 1] or uint8: H and W are the same whole numbers of
                times the smallest version's.
            notes: What there is to tell of it.

        Raises:
            ShapeError: If a version's size is no multiple of the smallest one's.
        """
        if self.left_out:
            self.left_out.append(name)
            return
        details, size, told = _middles(versions)
        base = min(detail.shape[-1] for detail in details.values())
        largest = max(detail.shape[-1] for detail in details.values())
        embedded = [(title, pixels_uri(detail)) for title, detail in details.items()]
        if sum(len(uri) for _, uri in embedded) > self.budget - self._used():
            self.left_out.append(name)
            return
        if largest > base:
            told += (
                f"What is smaller is enlarged {largest // base} times without smoothing (nearest neighbour).",
            )
        self.shown.append(Comparison(name, size, embedded, (*told, *notes)))

    def _used(self) -> int:
        return sum(len(uri) for each in self.shown for _, uri in each.versions)

    def note(self) -> str:
        """What the page does not show, in words; empty where it shows all."""
        if not self.left_out:
            return ""
        count = len(self.shown) + len(self.left_out)
        return (
            f"Pictures are embedded for the first {len(self.shown):,} of {count:,}: the page's budget for pictures is "
            f"{self.budget / 1e6:.4g} MB."
        )


def _middles(
    versions: Mapping[str, Tensor],
) -> tuple[dict[str, Tensor], tuple[int, int], tuple[str, ...]]:
    """What is shown of each version, the size of that in pixels of the largest, and what to tell of it."""
    sizes = {title: (pixels.shape[-2], pixels.shape[-1]) for title, pixels in versions.items()}
    height, width = min(sizes.values())
    scales = {title: size[0] // height for title, size in sizes.items()}
    for title, size in sizes.items():
        if size != (scales[title] * height, scales[title] * width):
            raise ShapeError(
                f"{title!r} is {size[1]}x{size[0]} pixels; expected a multiple of the smallest version's {width}x{height}."
            )
    most = max(scales.values())
    high, wide = min(height, max(1, _HIGHEST // most)), min(width, max(1, _WIDEST // most))
    top, left = (height - high) // 2, (width - wide) // 2
    details = {
        title: pixels[
            :,
            scales[title] * top : scales[title] * (top + high),
            scales[title] * left : scales[title] * (left + wide),
        ]
        for title, pixels in versions.items()
    }
    before, after = next(iter(sizes.values())), list(sizes.values())[-1]
    told = f"{before[1]:,} × {before[0]:,} pixels"
    if after != before:
        told += f", restored to {after[1]:,} × {after[0]:,}"
    if (high, wide) != (height, width):
        told += f"; shown is the middle, {most * wide:,} × {most * high:,}"
    return details, (most * wide, most * high), (f"{told}.",)


def write_restored_page(
    restorations: Restorations,
    path: Path,
    *,
    title: str = "Restored pictures",
    told: Mapping[str, str],
    created: str,
    command: str,
    gains: Gains | None = None,
    beside: Mapping[str, str] | None = None,
) -> None:
    """Write restored pictures as one HTML page that opens offline.

    Each picture has a divider that is dragged or moved by keys; where there are more than two versions, the two sides
    can be chosen. A click shows it at one picture pixel to one screen pixel.

    Args:
        restorations: The pictures.
        path: The page to write, replaced whole or not at all; its folder is created where missing.
        title: What the page is called.
        told: What made them: words and values.
        created: When, in ISO 8601.
        command: By which command.
        gains: Mean scores of the versions.
        beside: Pages in the same folder that it points to: words, and name of the file.
    """
    write_page(
        path,
        "restored.html.j2",
        styles=("page.css", "restored.css"),
        script="restored.js",
        context={
            "title": title,
            "restorations": restorations,
            "count": len(restorations.shown) + len(restorations.left_out),
            "told": told,
            "created": readable_date(created),
            "command": command,
            "gains": gains,
            "beside": beside or {},
        },
    )
