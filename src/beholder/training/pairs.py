"""The pairs that a recipe trains on, and those that it is judged by."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch.utils.data import Subset

from beholder.data.packs import Pack, open_pack
from beholder.data.patches import PatchPairs, PicturePairs
from beholder.spec import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

    from beholder.training.recipe import Recipe

__all__ = ["open_pairs"]

_HELD_OUT = 10  # every tenth picture


def open_pairs(
    recipe: Recipe, scale: int, tell: Callable[[int, int], object] | None = None
) -> tuple[PatchPairs, Subset[dict[str, Tensor]]]:
    """Patches to train on, one for each place in each batch of the run, and whole pictures for validation.

    Args:
        recipe: What the run is made of.
        scale: How many times the network enlarges.
        tell: Called with the number of pictures that are decoded, and of all.

    Raises:
        UsageError: If degradation, network and patch do not fit each other, or no picture is left to hold out.
        PictureError: If there are no pictures, or they cannot be read.
    """
    pack = open_pack(recipe.data.train, tell=tell)
    if recipe.data.validation is not None:
        held_out = open_pack(recipe.data.validation, tell=tell)
    else:
        if len(pack) < 2:
            raise UsageError(
                f"{recipe.data.train}: holds one picture; expected two at least, of which one is held out for "
                "validation, or data.validation."
            )
        held_out = Pack(pack.folder, pack.pictures[::_HELD_OUT])
        rest = [picture for place, picture in enumerate(pack.pictures) if place % _HELD_OUT]
        pack = Pack(pack.folder, rest)
    if recipe.data.patch % scale:
        raise UsageError(
            f"data.patch is {recipe.data.patch}; expected a multiple of the network's scale, {scale}."
        )
    patches = PatchPairs(
        pack,
        recipe.data.degradation,
        recipe.data.patch // scale,
        recipe.steps * recipe.batch,
        recipe.seed,
        offset=recipe.data.offset,
        unpaired=recipe.data.unpaired,
    )
    if patches.degradation.scale != scale:
        raise UsageError(
            f"{recipe.data.degradation} shrinks {patches.degradation.scale} times and {recipe.network} enlarges {scale} "
            "times; expected the same."
        )
    pictures = PicturePairs(held_out, recipe.data.degradation, recipe.seed)
    count = min(recipe.validation.pictures, len(pictures))
    return patches, Subset(pictures, [place * len(pictures) // count for place in range(count)])
