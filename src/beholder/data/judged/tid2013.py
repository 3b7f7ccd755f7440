"""TID2013, the Tampere image database."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from beholder.data.judged.listing import Listing
from beholder.data.judged.opinions import Opinion, make_ratings, number, read_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from beholder.data.judged.findings import Findings
    from beholder.data.judged.sets import JudgementSet

__all__ = ["LAYOUT", "is_tid2013", "read_tid2013"]

LAYOUT = "mos_with_names.txt, reference_images/I01.BMP, distorted_images/I01_01_1.bmp"
_LIST = "mos_with_names.txt"
_NAME = re.compile(r"(i\d+)_(\d+)_(\d+)\.\w+", re.IGNORECASE)
# Ponomarenko et al., Signal Processing: Image Communication 2015, Table 1, in the paper's order.
_DISTORTIONS = (
    "additive Gaussian noise", "noise in colour components", "spatially correlated noise", "masked noise",
    "high frequency noise", "impulse noise", "quantization noise", "Gaussian blur", "denoising", "JPEG",
    "JPEG2000", "JPEG transmission errors", "JPEG2000 transmission errors", "non eccentricity pattern noise",
    "local block-wise distortions", "mean shift", "contrast change", "change of colour saturation",
    "multiplicative Gaussian noise", "comfort noise", "lossy compression of noisy images",
    "colour quantization with dither", "chromatic aberrations", "sparse sampling and reconstruction",
)  # fmt: skip


def is_tid2013(path: Path) -> bool:
    """Whether a folder is laid out as TID2013 is."""
    return path.is_dir() and Listing(path).find(_LIST) is not None


def read_tid2013(
    path: Path,
    findings: Findings,
    tell: Callable[[int, int], object],  # noqa: ARG001 -- one small list
) -> list[JudgementSet]:
    """Mean opinion scores from 0 to 9, higher is better.

    Capitals in the file names are not those of the list in every copy: either is taken.

    Raises:
        UsageError: If the list cannot be read.
    """
    opinions = _lines(path / (Listing(path).find(_LIST) or _LIST), findings)
    return [
        make_ratings(
            "TID2013", path, opinions, findings, better="higher", published=3000, folders=["distorted_images"]
        )
    ]


def _lines(file: Path, findings: Findings) -> Iterator[Opinion]:
    for line, text in enumerate(read_text(file).splitlines(), start=1):
        words = text.split()
        match = _NAME.fullmatch(words[1]) if len(words) == 2 else None
        if match:
            reference, kind = match[1].upper(), int(match[2])
            yield Opinion(
                f"reference_images/{reference}.BMP",
                f"distorted_images/{words[1]}",
                number(words[0], file, line),
                _DISTORTIONS[kind - 1] if 1 <= kind <= len(_DISTORTIONS) else match[2],
                float(match[3]),
                reference,
            )
        elif words:
            findings.add(
                f"{file}, line {line}", "a line of another form", "a score and a name: 5.51429 I01_01_1.bmp"
            )
