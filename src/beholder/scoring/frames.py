"""Two videos into pairs of frames, aligned by when they are shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, get_args

from beholder.spec import PictureError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from beholder.images import Video, VideoFrame

__all__ = ["ALIGN_RULES", "AlignRule", "check_alignment", "pair_frames"]

AlignRule = Literal["refuse", "shortest", "time"]
ALIGN_RULES: tuple[AlignRule, ...] = get_args(AlignRule)

FramePair = tuple["VideoFrame", "VideoFrame"]


def check_alignment(reference: Video, distorted: Video, rule: AlignRule) -> None:
    """Refuse videos whose rates or numbers of frames differ, unless the rule says what to do.

    Args:
        reference: The reference.
        distorted: The video under test.
        rule: ``"refuse"``; ``"shortest"``, which compares the frames that both have; or ``"time"``, which compares
            each frame under test with the frame that the reference shows at that time.

    Raises:
        UsageError: If the rule is unknown, or they differ in what it does not allow.
    """
    if rule not in ALIGN_RULES:
        raise UsageError(f"align is {rule!r}; expected one of {', '.join(ALIGN_RULES)}.")
    if rule != "time" and abs(reference.rate - distorted.rate) > reference.rate / 1000:
        raise UsageError(
            f"{reference.path} has {float(reference.rate):.5g} frames a second and {distorted.path} "
            f"{float(distorted.rate):.5g}; expected the same rate. To compare each frame with the one that the "
            "reference shows at its time: --align time."
        )
    if rule == "refuse" and reference.count != distorted.count:
        short = "".join(
            f" {each.path} {each.shortfall}." for each in (reference, distorted) if each.shortfall
        )
        raise UsageError(
            f"{reference.path} has {reference.count} frames and {distorted.path} {distorted.count}; expected as "
            f"many.{short} To compare the first {min(reference.count, distorted.count)}: --align shortest; to compare by "
            "the time when they are shown: --align time."
        )


def pair_frames(reference: Video, distorted: Video, rule: AlignRule, every: int = 1) -> Iterator[FramePair]:
    """Pairs of frames: under test, then its reference, decoded as they are asked for.

    Args:
        reference: The reference.
        distorted: The video under test.
        rule: As in `check_alignment`.
        every: Take only frames under test whose index is a multiple of this.

    Raises:
        PictureError: Where either video breaks off, or, unless the rule is ``"time"``, where two frames of one
            index are shown at different times.
    """
    if rule == "time":
        yield from _pair_by_time(reference, distorted, every)
        return
    half = float(1 / (2 * reference.rate))
    # Frames that are missing at the end were counted, and refused or allowed, beforehand.
    for x, y in zip(distorted.frames(every=every), reference.frames(every=every), strict=False):
        if abs(x.time - y.time) > half:
            raise PictureError(
                f"frame {x.index} is shown at {x.time:.3f} s in {distorted.path} and at {y.time:.3f} s in "
                f"{reference.path}; expected the same time. To compare by time: --align time."
            )
        yield x, y


def _pair_by_time(reference: Video, distorted: Video, every: int) -> Iterator[FramePair]:
    slack = float(1 / (4 * max(reference.rate, distorted.rate)))
    references = reference.frames()
    shown = following = next(references, None)
    for x in distorted.frames(every=every):
        while following is not None and following.time <= x.time + slack:
            shown, following = following, next(references, None)
        if shown is None or (following is None and x.time + slack >= shown.time + float(1 / reference.rate)):
            return  # the reference has ended
        yield x, shown
