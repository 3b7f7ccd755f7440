"""KADID-10k, the Konstanz artificially distorted image quality database."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from beholder.data.judged.listing import Listing
from beholder.data.judged.opinions import Opinion, make_ratings, number, read_text, table_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from beholder.data.judged.findings import Findings
    from beholder.data.judged.sets import JudgementSet

__all__ = ["LAYOUT", "is_kadid10k", "read_kadid10k"]

LAYOUT = "dmos.csv with the columns dist_img, ref_img and dmos, images/I01.png, images/I01_01_01.png"
_LIST = "dmos.csv"
_COLUMNS = ("dist_img", "ref_img", "dmos")
_ANSWERS = 30  # a picture: Lin et al., abstract
_NAME = re.compile(r"i\d+_(\d+)_(\d+)\.\w+", re.IGNORECASE)
# Lin, Hosu and Saupe, QoMEX 2019, doi:10.1109/QoMEX.2019.8743252, Table 2, in the paper's order.
_DISTORTIONS = (
    "Gaussian blur", "lens blur", "motion blur", "colour diffusion", "colour shift", "colour quantization",
    "colour saturation in HSV", "colour saturation in Lab", "JPEG2000", "JPEG", "white noise",
    "white noise in colour components", "impulse noise", "multiplicative noise", "denoising", "brighten",
    "darken", "mean shift", "jitter", "non-eccentricity patch", "pixelate", "quantization", "colour block",
    "high sharpen", "contrast change",
)  # fmt: skip


def is_kadid10k(path: Path) -> bool:
    """Whether a folder is laid out as KADID-10k is."""
    if not path.is_dir() or (name := Listing(path).find(_LIST)) is None:
        return False
    header = read_text(path / name).partition("\n")[0].lower()
    return set(_COLUMNS) <= {cell.strip() for cell in header.split(",")}


def read_kadid10k(
    path: Path,
    findings: Findings,
    tell: Callable[[int, int], object],  # noqa: ARG001 -- one small list
) -> list[JudgementSet]:
    """Mean scores from 1 to 5, higher is better, for all that the list calls them ``dmos``.

    Standard errors are those of 30 answers a picture, from the list's ``var``, which is their standard deviation: 17 fives and 13
    fours give its first row, 4.57 and 0.496.

    Raises:
        UsageError: If the list cannot be read.
    """
    opinions = _lines(path / (Listing(path).find(_LIST) or _LIST))
    return [
        make_ratings("KADID-10k", path, opinions, findings, better="higher", published=10_125, folders=[])
    ]


def _lines(file: Path) -> Iterator[Opinion]:
    for line, row in table_rows(file, _COLUMNS):
        match = _NAME.fullmatch(row["dist_img"])
        kind = int(match[1]) if match else 0
        yield Opinion(
            f"images/{row['ref_img']}",
            f"images/{row['dist_img']}",
            number(row["dmos"], file, line),
            _DISTORTIONS[kind - 1] if 1 <= kind <= len(_DISTORTIONS) else "",
            float(match[2]) if match else math.nan,
            row["ref_img"].rpartition(".")[0],
            number(row["var"], file, line) / math.sqrt(_ANSWERS) if row.get("var") else math.nan,
        )
