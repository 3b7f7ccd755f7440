"""Which pictures meet: by path, by name."""

from __future__ import annotations

import os
import unicodedata
from pathlib import Path

import pytest

from beholder.images import PICTURE_SUFFIXES, Pair, Pairing, pair_paths
from beholder.spec import PairingError, UsageError


@pytest.fixture
def reference(tmp_path: Path) -> Path:
    return tmp_path / "reference"


@pytest.fixture
def distorted(tmp_path: Path) -> Path:
    return tmp_path / "distorted"


def fill(folder: Path, *names: str) -> None:
    folder.mkdir(exist_ok=True)
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()


def names(pairing: Pairing, reference: Path, distorted: Path) -> list[tuple[str, str]]:
    return [
        (pair.reference.relative_to(reference).as_posix(), pair.distorted.relative_to(distorted).as_posix())
        for pair in pairing.pairs
    ]


def test_two_files_are_one_pair_whatever_their_names(tmp_path: Path) -> None:
    fill(tmp_path, "a.png", "b.dat")
    pairing = pair_paths(str(tmp_path / "a.png"), tmp_path / "b.dat")
    assert pairing == Pairing((Pair(tmp_path / "a.png", tmp_path / "b.dat"),), (), ())
    assert pair_paths(tmp_path / "a.png", tmp_path / "b.dat", one_reference=True) == pairing


def test_folders_are_matched_by_path_without_ending_in_natural_order(
    reference: Path, distorted: Path
) -> None:
    fill(reference, "img10.png", "img2.png", "a/b/x.png", "a/b.c.png", "IMG1.PNG", "a10/y.png", "a9/y.png")
    fill(distorted, "img2.jpg", "a/b/x.jpg", "img10.webp", "a/b.c.tiff", "IMG1.gif", "a9/y.bmp", "a10/y.png")
    found = names(pair_paths(reference, distorted), reference, distorted)
    assert found == [
        ("a/b/x.png", "a/b/x.jpg"),
        ("a/b.c.png", "a/b.c.tiff"),
        ("a9/y.png", "a9/y.bmp"),
        ("a10/y.png", "a10/y.png"),
        ("IMG1.PNG", "IMG1.gif"),
        ("img2.png", "img2.jpg"),
        ("img10.png", "img10.webp"),
    ]


def test_other_and_hidden_files_are_passed_over(reference: Path, distorted: Path) -> None:
    fill(reference, "x.png", "notes.txt", ".x.png", "._x.jpg", ".cache/y.png", "Thumbs.db", "png")
    fill(distorted, "x.png", "x.txt", "scores.csv", ".DS_Store")
    (distorted / "folder.png").mkdir()
    assert names(pair_paths(reference, distorted), reference, distorted) == [("x.png", "x.png")]


@pytest.mark.parametrize("suffix", sorted(PICTURE_SUFFIXES))
def test_all_picture_endings_are_seen(reference: Path, distorted: Path, suffix: str) -> None:
    fill(reference, f"x{suffix}")
    fill(distorted, f"x{suffix.upper()}")
    assert len(pair_paths(reference, distorted).pairs) == 1


@pytest.mark.skipif(not hasattr(os, "symlink"), reason="no links on this system")
def test_links_are_followed_but_not_in_circles_and_broken_ones_fail_when_read(
    tmp_path: Path, reference: Path, distorted: Path
) -> None:
    fill(tmp_path / "elsewhere", "y.png")
    fill(reference, "x.png", "sub/y.png")
    fill(distorted)
    (distorted / "x.png").symlink_to("gone.png")
    (distorted / "sub").symlink_to(tmp_path / "elsewhere")
    (distorted / "loop").symlink_to(distorted)
    found = names(pair_paths(reference, distorted), reference, distorted)
    assert found == [("sub/y.png", "sub/y.png"), ("x.png", "x.png")]


def test_accents_match_however_they_are_stored(reference: Path, distorted: Path) -> None:
    fill(reference, unicodedata.normalize("NFC", "é.png"))
    fill(distorted, unicodedata.normalize("NFD", "é.jpg"))
    assert len(pair_paths(reference, distorted).pairs) == 1


def test_a_name_twice_on_one_side_is_refused_always(reference: Path, distorted: Path) -> None:
    fill(reference, "a/x.png", "y.png")
    fill(distorted, "a/x.jpg", "a/x.png", "y.png")
    for allow_unmatched in (False, True):
        with pytest.raises(PairingError) as caught:
            pair_paths(reference, distorted, allow_unmatched=allow_unmatched)
        assert str(distorted / "a" / "x.jpg") in str(caught.value)
        assert str(distorted / "a" / "x.png") in str(caught.value)
        assert "y.png" not in str(caught.value)
    with pytest.raises(PairingError, match="differ in their ending only"):
        pair_paths(distorted, reference)


def test_pictures_without_partner_are_listed(reference: Path, distorted: Path) -> None:
    fill(reference, "both.png", *(f"r{i}.png" for i in range(1, 14)))
    fill(distorted, "both.png", "d1.png", "d2.png")
    with pytest.raises(PairingError) as caught:
        pair_paths(reference, distorted)
    message = str(caught.value)
    assert "13 references:" in message
    assert "2 distorted pictures:" in message
    assert "--allow-unmatched" in message
    assert str(reference / "r10.png") in message
    assert str(reference / "r11.png") not in message
    assert "and 3 more" in message
    assert str(distorted / "d2.png") in message


def test_pictures_without_partner_are_handed_back_when_allowed(reference: Path, distorted: Path) -> None:
    fill(reference, "both.png", "r.png")
    fill(distorted, "both.png", "d2.png", "d10.png")
    pairing = pair_paths(reference, distorted, allow_unmatched=True)
    assert pairing.pairs == (Pair(reference / "both.png", distorted / "both.png"),)
    assert pairing.unmatched_references == (reference / "r.png",)
    assert pairing.unmatched_distorted == (distorted / "d2.png", distorted / "d10.png")


def test_not_a_single_pair_is_refused_even_when_partners_may_miss(reference: Path, distorted: Path) -> None:
    fill(reference, "a.png")
    fill(distorted, "b.png")
    with pytest.raises(PairingError, match="found no name on both sides"):
        pair_paths(reference, distorted, allow_unmatched=True)


def test_one_reference_meets_every_picture_of_a_folder(tmp_path: Path, distorted: Path) -> None:
    fill(tmp_path, "original.png")
    fill(distorted, "q10/x.jpg", "q9/x.jpg", "x.jpg", "x.png", "notes.txt")
    pairing = pair_paths(tmp_path / "original.png", distorted, one_reference=True)
    assert [pair.distorted.relative_to(distorted).as_posix() for pair in pairing.pairs] == [
        "q9/x.jpg",
        "q10/x.jpg",
        "x.jpg",
        "x.png",
    ]
    assert {pair.reference for pair in pairing.pairs} == {tmp_path / "original.png"}


def test_mixtures_of_file_and_folder(tmp_path: Path, distorted: Path) -> None:
    fill(tmp_path, "original.png")
    fill(distorted, "x.png")
    with pytest.raises(UsageError, match=r"--one-reference or one_reference=True"):
        pair_paths(tmp_path / "original.png", distorted)
    for one_reference in (False, True):
        with pytest.raises(UsageError, match=r"is a folder and .* a file"):
            pair_paths(distorted, tmp_path / "original.png", one_reference=one_reference)
    with pytest.raises(UsageError, match=r"one reference was asked for, but .* is a folder"):
        pair_paths(distorted, distorted, one_reference=True)


def test_folders_without_pictures_and_missing_paths(tmp_path: Path, reference: Path, distorted: Path) -> None:
    fill(reference, "x.png")
    fill(distorted, "notes.txt")
    with pytest.raises(
        PairingError, match=r"distorted: found no pictures; expected files that end in .*\.png"
    ):
        pair_paths(reference, distorted)
    with pytest.raises(PairingError, match="found no pictures"):
        pair_paths(reference / "x.png", distorted, one_reference=True)
    with pytest.raises(PairingError, match=r"gone: no such file or folder"):
        pair_paths(reference, tmp_path / "gone")
    with pytest.raises(PairingError, match=r"gone\.png: no such file or folder"):
        pair_paths(tmp_path / "gone.png", reference / "x.png")
    with pytest.raises(PairingError, match=r"no such file or folder|cannot be looked at"):
        pair_paths("nul\0character", reference)
