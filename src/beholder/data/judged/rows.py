"""What people said of pictures, a judgement at a time."""

from __future__ import annotations

import dataclasses
import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

from beholder.images import decode_picture, read_picture
from beholder.spec import PictureError

if TYPE_CHECKING:
    from torch import Tensor

__all__ = [
    "ANSWERS",
    "PICTURES",
    "Better",
    "JndPair",
    "Kind",
    "PictureFile",
    "RatedPair",
    "Row",
    "Triplet",
]

Kind: TypeAlias = Literal["triplets", "pairs", "ratings"]
Better: TypeAlias = Literal["higher", "lower"]

PICTURES: dict[Kind, tuple[str, ...]] = {
    "triplets": ("reference", "p0", "p1"),
    "pairs": ("p0", "p1"),
    "ratings": ("reference", "distorted"),
}
"""The pictures of a row of each kind, in their order; the first of them tells rows of one group."""

ANSWERS: dict[Kind, str] = {"triplets": "judge", "pairs": "same", "ratings": "opinion"}
"""What people said, by kind: the name of the column and of the row's field."""


@dataclasses.dataclass(frozen=True)
class PictureFile:
    """A picture that is read when it is asked for: a file, or the bytes of one.

    Attributes:
        name: What errors call it.
        path: The file; ``None`` where the bytes are at hand.
        data: The bytes of the file; ``None`` where they have to be read.
    """

    name: str
    path: Path | None = None
    data: bytes | None = dataclasses.field(default=None, repr=False)

    @classmethod
    def at(cls, path: Path) -> PictureFile:
        """The picture in a file."""
        return cls(str(path), path)

    def encoded(self) -> bytes:
        """The bytes of the file, as they are.

        Raises:
            PictureError: If it cannot be read.
        """
        if self.data is not None:
            return self.data
        try:
            return Path(self.name if self.path is None else self.path).read_bytes()
        except OSError as error:
            raise PictureError(
                f"{self.name}: found a file that cannot be read ({error.strerror}); expected a picture; check the "
                "name and the disk"
            ) from error

    def pixels(self) -> Tensor:
        """The picture, shape (3, H, W), RGB, sRGB-encoded, in [0, 1].

        Raises:
            PictureError: If it is missing, is no picture, or is damaged.
        """
        if self.data is not None:
            return decode_picture(self.data, self.name).pixels
        return read_picture(self.name if self.path is None else self.path).pixels

    def digest(self) -> str:
        """SHA-256 of the file's bytes, in hexadecimal.

        Raises:
            PictureError: If it cannot be read.
        """
        return hashlib.sha256(self.encoded()).hexdigest()


@dataclasses.dataclass(frozen=True, kw_only=True)
class Triplet:
    """Which of two pictures people found closer to a reference.

    Attributes:
        reference: The original.
        p0: One version of it.
        p1: The other.
        judge: Share of the answers that chose `p1`, in [0, 1].
        votes: How many answers there were; ``None`` where the set does not tell.
        subset: Which part of the set it belongs to; ``None`` where the set has none.
        distortion0: What was done to `p0`, where the set tells.
        distortion1: What was done to `p1`.
        named_group: What the set calls the reference; ``None`` where it has no name.
    """

    reference: PictureFile
    p0: PictureFile
    p1: PictureFile
    judge: float
    votes: int | None = None
    subset: str | None = None
    distortion0: str | None = None
    distortion1: str | None = None
    named_group: str | None = None

    @property
    def pictures(self) -> tuple[PictureFile, ...]:
        """Reference, `p0`, `p1`."""
        return self.reference, self.p0, self.p1

    @property
    def group(self) -> str:
        """Equal for triplets of one reference: the set's name for it, else the SHA-256 of its file, which is read."""
        return self.named_group or self.reference.digest()


@dataclasses.dataclass(frozen=True, kw_only=True)
class JndPair:
    """Whether people took two pictures for the same.

    Attributes:
        p0: One picture.
        p1: The other.
        same: Share of the answers that said "same", in [0, 1].
        votes: How many answers there were; ``None`` where the set does not tell.
        subset: Which part of the set it belongs to; ``None`` where the set has none.
        named_group: What the set calls the picture that both were made from; ``None`` where it has no name.
    """

    p0: PictureFile
    p1: PictureFile
    same: float
    votes: int | None = None
    subset: str | None = None
    named_group: str | None = None

    @property
    def pictures(self) -> tuple[PictureFile, ...]:
        """`p0` and `p1`."""
        return self.p0, self.p1

    @property
    def group(self) -> str:
        """Equal for pairs of one picture: the set's name for it, else the SHA-256 of `p0`'s file, which is read."""
        return self.named_group or self.p0.digest()


@dataclasses.dataclass(frozen=True, kw_only=True)
class RatedPair:
    """How good people found a distorted picture.

    Attributes:
        reference: The original.
        distorted: What was rated.
        opinion: The mean opinion score (MOS), or its difference to the original's (DMOS), on the set's own scale.
        better: Whether a ``"higher"`` or a ``"lower"`` opinion is the better.
        distortion: What was done to the picture, where the set tells.
        level: How strongly, on the set's own scale, where it tells.
        standard_error: Standard error of `opinion`, in its units; ``None`` where the set does not tell.
        subset: Which part of the set it belongs to; ``None`` where the set has none.
        named_group: What the set calls the reference; ``None`` where it has no name.
    """

    reference: PictureFile
    distorted: PictureFile
    opinion: float
    better: Better
    distortion: str | None = None
    level: float | None = None
    standard_error: float | None = None
    subset: str | None = None
    named_group: str | None = None

    @property
    def pictures(self) -> tuple[PictureFile, ...]:
        """Reference and distorted picture."""
        return self.reference, self.distorted

    @property
    def group(self) -> str:
        """Equal for versions of one reference: the set's name for it, else the SHA-256 of its file, which is read."""
        return self.named_group or self.reference.digest()


Row: TypeAlias = Triplet | JndPair | RatedPair
