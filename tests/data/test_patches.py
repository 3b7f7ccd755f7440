"""Pairs of patches, and of pictures."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
import torch
from torch import Tensor
from torch.utils.data import DataLoader

from beholder.data.degradations import Grey, Jpeg, Shrink
from beholder.data.packs import Pack, open_pack
from beholder.data.patches import PatchPairs, PicturePairs
from beholder.data.photos import PHOTOS
from beholder.images import save_picture
from beholder.spec import ShapeError, UsageError


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Pack:
    """Pictures of 100x120, 203x190 and 30x30 pixels, height first."""
    folder = tmp_path_factory.mktemp("pictures")
    for photo, (height, width) in zip(PHOTOS[:3], ((100, 120), (203, 190), (30, 30)), strict=True):
        save_picture(photo.load()[:, :height, :width], folder / f"{photo.name}.png")
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("BEHOLDER_CACHE", str(tmp_path_factory.mktemp("cache")))
        return open_pack(folder)


def find(patch: Tensor, picture: Tensor) -> list[tuple[int, int, int]]:
    """Where in a picture, and in which of 8 layings, a patch lies."""
    found = []
    for turn, layed in enumerate(
        torch.rot90(side, k, (1, 2)) for side in (patch, patch.flip(2)) for k in range(4)
    ):
        height, width = layed.shape[1:]
        rows, columns = picture.shape[1] - height + 1, picture.shape[2] - width + 1
        same = torch.ones(rows, columns, dtype=torch.bool)
        for down, right in ((0, 0), (height - 1, 0), (height // 2, width - 1)):  # a few pixels first
            beneath = picture[:, down : down + rows, right : right + columns]
            same &= (beneath == layed[:, down, right].view(3, 1, 1)).all(0)
        for top, left in same.nonzero().tolist():
            if torch.equal(picture[:, top : top + height, left : left + width], layed):
                found.append((turn, top, left))
    return found


def test_patches_are_cut_from_whole_compressed_pictures(pack: Pack) -> None:
    pairs = PatchPairs(pack, "jpeg:quality=10", 42, 60, seed=3)
    pictures = [pack.picture(index) / 255 for index in range(2)]
    spoilt = [Jpeg(10)(picture, torch.Generator()) for picture in pictures]
    offsets = set()
    for pair in (pairs[index] for index in range(12)):
        assert pair["x"].shape == pair["y"].shape == (3, 42, 42)
        assert pair["x"].dtype == pair["y"].dtype == torch.float32
        places = [(index, place) for index in range(2) for place in find(pair["y"], pictures[index])]
        assert len(places) == 1
        index, place = places[0]
        assert place in find(pair["x"], spoilt[index])
        offsets.add((place[1] % 8, place[2] % 8))
    assert len(offsets) > 8  # at any place of the grid of blocks


def test_every_place_and_turn_is_equally_likely(pack: Pack) -> None:
    pairs = PatchPairs(pack, Grey(), 98, 3000, seed=0)
    assert pairs.left_out == 1
    picture = pack.picture(0) / 255
    small = 3 * 23  # places in the picture of 100x120
    large = (203 - 97) * (190 - 97)
    chosen: Counter[tuple[int, int, int]] = Counter()
    for index in range(3000):
        chosen.update(find(pairs[index]["y"], picture))
    found, expected = sum(chosen.values()), 3000 * small / (small + large)
    assert abs(found - expected) < 4 * expected**0.5
    assert len({turn for turn, _, _ in chosen}) >= 6


def test_shrunk_patches_lie_under_their_targets(pack: Pack) -> None:
    pairs = PatchPairs(pack, Shrink(4), 12, 20, seed=1)
    pictures = [pack.picture(index) / 255 for index in range(2)]
    small = [Shrink(4)(picture, torch.Generator()) for picture in pictures]
    for index in range(8):
        pair = pairs[index]
        assert pair["x"].shape == (3, 12, 12)
        assert pair["y"].shape == (3, 48, 48)
        ((turn, top, left),) = [place for picture in pictures for place in find(pair["y"], picture)]
        which = next(which for which in range(2) if find(pair["y"], pictures[which]))
        assert top % 4 == left % 4 == 0
        under = small[which][:, top // 4 : top // 4 + 12, left // 4 : left // 4 + 12]
        side = pair["x"] if turn < 4 else pair["x"].flip(2)
        assert (torch.rot90(side, turn % 4, (1, 2)) - under).abs().max() * 255 < 1.01


def test_unaligned_targets_lie_some_pixels_off(pack: Pack) -> None:
    clean = PatchPairs(pack, "noise:sigma=0", 24, 200, seed=5, offset=3)
    pictures = [pack.picture(index) / 255 for index in range(2)]
    seen = set()
    for pair in (clean[index] for index in range(60)):
        which = next(which for which in range(2) if find(pair["y"], pictures[which]))
        ((turn, top, left),) = find(pair["y"], pictures[which])
        ((turn_x, top_x, left_x),) = find(pair["x"], pictures[which])
        assert turn == turn_x
        seen |= {top - top_x, left - left_x}
    assert seen == set(range(-3, 4))


def test_unpaired_targets_are_any_patches(pack: Pack) -> None:
    paired, pairs = (
        PatchPairs(pack, "noise:sigma=0", 24, 400, seed=5, unpaired=unpaired) for unpaired in (False, True)
    )
    pictures = [pack.picture(index) / 255 for index in range(2)]
    wheres: list[list[int]] = [[], []]
    together, same_turn = 0, 0
    for index in range(60):
        pair = pairs[index]
        assert torch.equal(pair["x"], paired[index]["x"])
        places = []
        for side, where in zip(("x", "y"), wheres, strict=True):
            which = next(which for which in range(2) if find(pair[side], pictures[which]))
            where.append(which)
            places.append((which, *find(pair[side], pictures[which])[0]))
        together += places[0][0] == places[1][0] and places[0][2:] == places[1][2:]
        same_turn += places[0][1] == places[1][1]
    assert together == 0
    assert same_turn < 20  # of 8 turns
    assert sum(x != y for x, y in zip(*wheres, strict=True)) >= 5
    assert 0 < sum(wheres[1]) < 60


def collect(loader: DataLoader[dict[str, Tensor]]) -> Tensor:
    batches = [torch.cat([batch["x"], batch["y"]]) for batch in loader]
    return torch.stack(batches)


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_items_depend_on_seed_epoch_and_place_alone(pack: Pack) -> None:
    def make(seed: int = 0) -> PatchPairs:
        return PatchPairs(pack, "noise:sigma=0..0.1, jpeg:quality=10..50", 16, 24, seed)

    pairs = make()
    epochs = []
    for epoch in (0, 1):
        pairs.set_epoch(epoch)
        epochs.append(collect(DataLoader(pairs, 4)))
    assert not torch.equal(*epochs)
    assert not torch.equal(epochs[0], collect(DataLoader(make(1), 4)))
    assert len({tuple(batch.flatten().tolist()) for batch in epochs[0]}) == len(epochs[0])
    torch.manual_seed(123)
    other = make()
    loader = DataLoader(other, 4, num_workers=2, persistent_workers=True)
    for epoch in (0, 1, 0):  # workers that live on hear of it
        other.set_epoch(epoch)
        assert torch.equal(collect(loader), epochs[epoch])


def test_whole_pictures_in_order(pack: Pack) -> None:
    pairs = PicturePairs(pack, "shrink:scale=8, noise:sigma=0.1", seed=2)
    assert len(pairs) == 3
    for index in range(3):
        pair = pairs[index]
        picture = pack.picture(index)
        height, width = (side // 8 for side in picture.shape[1:])
        assert torch.equal(pair["y"], picture[:, : height * 8, : width * 8] / 255)
        assert pair["x"].shape == (3, height, width)
        assert torch.equal(pair["x"], pairs[index]["x"])
    other = PicturePairs(pack, "shrink:scale=8, noise:sigma=0.1", seed=3)
    assert not torch.equal(pairs[0]["x"], other[0]["x"])
    with pytest.raises(IndexError):
        pairs[3]


def test_what_is_impossible_is_refused(pack: Pack) -> None:
    with pytest.raises(
        ShapeError, match=r"none of 3 pictures .* patches of 204 pixels; the largest is .*190x203"
    ):
        PatchPairs(pack, Grey(), 204, 1)
    with pytest.raises(ShapeError, match="patches of 192 pixels"):
        PatchPairs(pack, Shrink(4), 48, 1)
    with pytest.raises(UsageError, match="size is 0"):
        PatchPairs(pack, Grey(), 0, 1)
    with pytest.raises(UsageError, match=r"count is 2.5"):
        PatchPairs(pack, Grey(), 8, 2.5)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="offset is -1"):
        PatchPairs(pack, Grey(), 8, 1, offset=-1)
    with pytest.raises(UsageError, match="offset is 2, of patches that are unpaired"):
        PatchPairs(pack, Grey(), 8, 1, offset=2, unpaired=True)
    with pytest.raises(UsageError, match="no degradation 'rust'"):
        PatchPairs(pack, "rust", 8, 1)
    with pytest.raises(IndexError):
        PatchPairs(pack, Grey(), 8, 1)[1]


def test_the_largest_patch_fits(pack: Pack, tmp_path: Path) -> None:
    assert PatchPairs(pack, Grey(), 190, 1)[0]["y"].shape == (3, 190, 190)
    assert PatchPairs(pack, Shrink(8), 23, 1)[0]["y"].shape == (3, 184, 184)
