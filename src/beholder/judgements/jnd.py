"""Just noticeable differences: whether a metric puts pairs that people take for the same before the others."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from beholder.judgements.columns import check_columns, check_shares

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["average_precision", "precision_and_recall"]


def precision_and_recall(
    distance: ArrayLike, same: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Precision and recall of "the same", were all pairs up to each distance called so.

    A pair counts as the same by the share of people who said so, and as different by the rest.

    Args:
        distance: Distance between the two pictures of each pair, shape (n,). Turn the sign of a metric whose higher
            scores mean more alike.
        same: Share of people who took the two for the same, in [0, 1], shape (n,).

    Returns:
        Precision and recall at each of the k different distances, in rising order, shape (k,), in [0, 1]. Recall is
        NaN where nobody took any pair for the same.

    Raises:
        UsageError: If the columns differ in length or are empty, a number is not finite, or ``same`` leaves [0, 1].
    """
    distances, shares = check_columns(distance=distance, same=same)
    check_shares(same=shares)
    _, places = np.unique(distances, return_inverse=True)
    called = np.cumsum(np.bincount(places))
    right: NDArray[np.float64] = np.cumsum(np.bincount(places, weights=shares))
    recall: NDArray[np.float64] = right / right[-1] if right[-1] else np.full_like(right, math.nan)
    return right / called, recall


def average_precision(distance: ArrayLike, same: ArrayLike) -> float:
    """Area under the precision-recall curve of "the same": the JND score of BAPPS.

    As in PASCAL VOC since 2010, precision at a recall is the highest at that recall or beyond, and the area is a sum of
    rectangles, one for each step of recall.

    Args:
        distance: Distance between the two pictures of each pair, shape (n,), as `precision_and_recall` takes it.
        same: Share of people who took the two for the same, in [0, 1], shape (n,).

    Returns:
        In [0, 1]; higher is better. NaN where nobody took any pair for the same.

    Raises:
        UsageError: As `precision_and_recall`.

    References:
        Zhang et al., CVPR 2018, arXiv:1801.03924; Everingham et al., "The PASCAL Visual Object Classes Challenge: A
        Retrospective", IJCV 2015, doi:10.1007/s11263-014-0733-5.
        Deviation from the authors' code: pairs at the same distance enter together. There they enter one by one, so
        that the score hangs on how the sort leaves them.
    """
    precision, recall = precision_and_recall(distance, same)
    highest = np.maximum.accumulate(precision[::-1])[::-1]
    return float(np.sum(np.diff(recall, prepend=0.0) * highest))
