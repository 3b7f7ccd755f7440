"""The pictures that `beholder compare` compares: read, spoilt, restored, and brought to one size."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from beholder.cli.compare_candidates import INPUT, REFERENCE
from beholder.spec import BeholderError, ShapeError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from torch import Tensor

    from beholder.cli.compare_candidates import Candidate, Photo
    from beholder.training.restoring import Restorer

__all__ = ["Made", "Maker"]

_KEPT_BYTES = 500_000_000


@dataclasses.dataclass(frozen=True)
class Made:
    """One picture in all its versions.

    Attributes:
        reference: Shape (3, H, W), in [0, 1].
        spoilt: What models are given, (3, H / scale, W / scale), in [0, 1]; ``None`` where there is nothing.
        results: By candidate, its picture, of the reference's size, in [0, 1], or why there is none.
        notes: What was changed on the way in.
    """

    reference: Tensor
    spoilt: Tensor | None
    results: Mapping[str, Tensor | str]
    notes: tuple[str, ...]

    def versions(self) -> dict[str, Tensor]:
        """What a page shows, in its order."""
        first = {REFERENCE: self.reference} | ({} if self.spoilt is None else {INPUT: self.spoilt})
        return first | {name: made for name, made in self.results.items() if not isinstance(made, str)}


class Maker:
    """Makes every candidate's version of a picture; the same each time that it is asked.

    Args:
        candidates: What is compared.
        degradation: How to spoil the originals, as `beholder degrade` does; ``None`` where inputs are files, or nobody
            needs any.
        seed: Of whatever is drawn.
        has_inputs: Whether inputs are files.
        shows: Whether pictures will be asked for once more, to be shown.
        device: Where networks run.
        max_pixels: Pictures with more are refused.

    Attributes:
        names: Of all that is scored: the input first, where it has the size of the originals.
        restorers: By name of the candidate.

    Raises:
        UsageError: If there are models and nothing to give them, or sizes cannot fit.
        WeightsError: If a file holds no model.
    """

    def __init__(
        self,
        candidates: Sequence[Candidate],
        *,
        degradation: str | None,
        seed: int,
        has_inputs: bool,
        shows: bool,
        device: str,
        max_pixels: int,
    ) -> None:
        from beholder.catalog import create_degradation
        from beholder.training.restoring import Restorer

        models = [candidate for candidate in candidates if candidate.is_model]
        if models and degradation is None and not has_inputs:
            raise UsageError(
                f"{models[0].name} is a model and needs pictures to restore; spoil the originals, for example with "
                "--degrade jpeg:quality=10, or name a folder of spoilt pictures with --inputs."
            )
        self._spoil = create_degradation(degradation) if degradation is not None else None
        self.restorers = {candidate.name: Restorer(candidate.path, device=device) for candidate in models}
        self._scale = _one_scale(self.restorers, self._spoil, degradation)
        self._seed, self._max_pixels = seed, max_pixels
        self._kept: dict[int, Made] = {}
        self._room = _KEPT_BYTES if shows else 0
        scored_input = (degradation is not None or has_inputs) and self._scale == 1
        self.names = [*([INPUT] if scored_input else []), *(candidate.name for candidate in candidates)]
        if len(self.names) < 2:
            raise UsageError(f"there is {self.names[0]} only; expected at least two candidates to compare.")

    def make(self, photo: Photo) -> Made:
        """All versions of a picture; of the first pictures they are kept for when they are asked for again.

        Raises:
            PictureError: If the original or the input cannot be read.
            ShapeError: If the original cannot be spoilt.
        """
        if photo.place in self._kept:
            return self._kept.pop(photo.place)
        made = self._make(photo)
        size = sum(picture.nbytes for picture in made.versions().values())
        if size <= self._room:
            self._room -= size
            self._kept[photo.place] = made
        return made

    def _make(self, photo: Photo) -> Made:
        notes: list[str] = []
        reference = self._read(photo.file, REFERENCE, notes)
        spoilt = self._input(photo, reference, notes)
        results: dict[str, Tensor | str] = {}
        for name in self.names:
            try:
                results[name] = self._result(name, photo, spoilt, notes)
            except BeholderError as error:
                results[name] = str(error)
            except (MemoryError, RuntimeError) as error:
                from beholder.scoring.memory import is_out_of_memory

                if not is_out_of_memory(error):
                    raise
                results[name] = "not enough memory to restore the picture"
        return self._fit(reference, spoilt, results, notes)

    def _read(self, file: Path, what: str, notes: list[str]) -> Tensor:
        from beholder.images import read_picture

        picture = read_picture(file, max_pixels=self._max_pixels)
        notes += [f"{what}: {note}" for note in picture.notes]
        return picture.pixels

    def _input(self, photo: Photo, reference: Tensor, notes: list[str]) -> Tensor | None:
        from beholder.data.degradations.stored import to_levels, to_unit
        from beholder.data.drawing import random_source

        if photo.spoilt is not None:
            return self._read(photo.spoilt, INPUT, notes)
        if self._spoil is None:
            return None
        # What `beholder degrade` writes, as it would be read again.
        spoilt = self._spoil(to_levels(reference), random_source(f"{self._seed}/{photo.place}"))
        return to_unit(to_levels(spoilt))

    def _result(self, name: str, photo: Photo, spoilt: Tensor | None, notes: list[str]) -> Tensor:
        from beholder.data.degradations.stored import to_unit

        if name in photo.results:
            return self._read(photo.results[name], name, notes)
        if spoilt is None:
            raise ShapeError(f"{photo.name}: there is nothing to restore.")
        return spoilt if name == INPUT else to_unit(self.restorers[name].restore(spoilt))

    def _fit(
        self,
        reference: Tensor,
        spoilt: Tensor | None,
        results: dict[str, Tensor | str],
        notes: list[str],
    ) -> Made:
        """Cut what shrinking leaves over at the bottom and the right; other sizes are refused."""
        height, width = reference.shape[-2:]
        kept_height, kept_width = height, width
        if spoilt is not None:
            enlarged = tuple(self._scale * side for side in spoilt.shape[-2:])
            if 0 <= height - enlarged[0] < self._scale and 0 <= width - enlarged[1] < self._scale:
                kept_height, kept_width = enlarged
        if (kept_height, kept_width) != (height, width):
            notes.append(
                f"{width}x{height} cut to {kept_width}x{kept_height}: shrinking leaves the rest over"
            )
        for name, made in results.items():
            if isinstance(made, str):
                continue
            size = tuple(made.shape[-2:])
            if size not in ((height, width), (kept_height, kept_width)):
                results[name] = (
                    f"{name} has {size[1]}x{size[0]} pixels and the original {width}x{height}; expected the same size"
                )
                continue
            results[name] = made[:, :kept_height, :kept_width]
        return Made(reference[:, :kept_height, :kept_width], spoilt, results, tuple(dict.fromkeys(notes)))


def _one_scale(restorers: Mapping[str, Restorer], spoil: Any, degradation: str | None) -> int:
    """How many times smaller inputs are than originals.

    Raises:
        UsageError: If models, or models and the degradation, do not agree on it.
    """
    scales: dict[str, int] = {
        name: int(restorer.network.scale)  # type: ignore[arg-type]  # restoration networks have one
        for name, restorer in restorers.items()
    }
    if spoil is not None:
        scales = {f"--degrade {degradation}": spoil.scale} | scales
    if len(set(scales.values())) > 1:
        told = ", ".join(f"{name}: {scale}" for name, scale in scales.items())
        raise UsageError(
            f"inputs cannot serve all candidates, whose scales differ ({told}); expected one scale; compare them apart, or "
            "give folders of results."
        )
    return next(iter(scales.values()), 1)
