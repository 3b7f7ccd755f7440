"""The cache of weights: where it is, whether it can be written, and what lies there, by its SHA-256."""

from __future__ import annotations

import os
import shutil
import tempfile
from typing import TYPE_CHECKING, Any

from beholder.backbones.cache import cache_folder, locate, sha256_of_file, tell_damage
from beholder.backbones.cards import CARDS
from beholder.machine.findings import Finding, Section, at_home
from beholder.spec import WeightsError

if TYPE_CHECKING:
    from pathlib import Path

    from beholder.backbones.cards import WeightCard

__all__ = ["examine_weights"]

_MIB = 2**20
_LITTLE = 1024 * _MIB  # of free room: less than the largest weights with the archive that brings them


def examine_weights() -> Section:
    """Present, missing and damaged weights with their sizes, and the folder that they lie in."""
    try:
        folder = cache_folder()
    except WeightsError as error:
        told, _, remedy = str(error).rstrip(".").partition("; ")
        return Section("weights", {"folder": None, "cards": []}, (Finding("broken", told, remedy),))
    cards = [_examine_card(card) for card in CARDS.values()]
    place = _nearest(folder)
    refused = _refusal(folder, place)
    free = shutil.disk_usage(place).free
    facts = {"folder": at_home(folder), "writable": refused is None, "free_bytes": free, "cards": cards}
    findings = [_judge_folder(folder, refused, free)]
    present = [card for card in cards if card["state"] == "present"]
    missing = [card for card in cards if card["state"] == "missing"]
    if present:
        total = sum(card["bytes"] for card in present)
        names = ", ".join(card["name"] for card in present)
        findings.append(Finding("fine", f"{len(present)} undamaged, {_size(total)} together: {names}"))
    for card in cards:
        if card["state"] == "damaged":
            told = f"{card['name']}: {card['file']}: {card['told']}"
            findings.append(Finding("broken", told, f"beholder weights fetch {card['name']}"))
    if missing:
        names = ", ".join(f"{card['name']} ({_size(card['download_bytes'])})" for card in missing)
        remedy = f"beholder weights fetch {' '.join(card['name'] for card in missing)}"
        told = f"not there, fetched when a metric first needs them: {names}"
        findings.append(Finding("missing", told, remedy))
    return Section("weights", facts, tuple(findings))


def _examine_card(card: WeightCard) -> dict[str, Any]:
    try:
        found = locate(card)
    except WeightsError as error:  # what the folder's own verdict tells of once, for all
        return {"name": card.name, "state": "unreadable", "told": str(error)}
    if found is None:
        return {"name": card.name, "state": "missing", "download_bytes": _download_size(card)}
    path, source = found
    told = {"name": card.name, "file": at_home(path)}
    try:
        size, damage = path.stat().st_size, tell_damage(sha256_of_file(path), source)
    except OSError as error:
        size, damage = None, f"cannot be read: {error.strerror}"
    if damage is not None:
        return told | {"state": "damaged", "bytes": size, "told": damage}
    return told | {"state": "present", "bytes": size}


def _download_size(card: WeightCard) -> int | None:
    """Size of the first source's archive; of torchvision's own files only torchvision can tell."""
    try:
        return card.sources[0].download_size
    except (ImportError, OSError, RuntimeError, AttributeError):
        return None


def _nearest(folder: Path) -> Path:
    """The folder, or what it would be made in, as far as one may look."""
    # not Path.exists(), which raises where it may not look
    return next(each for each in (folder, *folder.absolute().parents) if os.path.exists(each))  # noqa: PTH110


def _refusal(folder: Path, place: Path) -> str | None:
    """Why the folder cannot be written, if it cannot; nothing is made, and what is tried there is gone again."""
    if not place.is_dir():
        return f"{at_home(place)} is no folder"
    if place != folder:
        return (
            None
            if os.access(place, os.W_OK | os.X_OK)
            else f"{at_home(place)} does not let anything be made in it"
        )
    try:
        with tempfile.TemporaryFile(dir=folder):
            return None
    except OSError as error:
        return str(error.strerror)


def _judge_folder(folder: Path, refused: str | None, free: int) -> Finding:
    told = f"cache {at_home(folder)}"
    move = "set BEHOLDER_CACHE to a folder that can be written"
    if refused is not None:
        return Finding("broken", f"{told}: cannot be written: {refused}", move)
    if free < _LITTLE:
        return Finding("missing", f"{told}: only {_size(free)} are free there", f"make room, or {move}")
    return Finding("fine", f"{told}: can be written, {_size(free)} free")


def _size(count: int | None) -> str:
    if count is None:
        return "size unknown"
    return f"{count / _MIB:,.1f} MiB" if count < 1024 * _MIB else f"{count / 1024 / _MIB:,.1f} GiB"
