"""Where the pictures of a pack come from: a folder, files, or an archive."""

from __future__ import annotations

import dataclasses
import tarfile
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Protocol

from beholder.data.kmeans import list_pictures
from beholder.images import PICTURE_SUFFIXES
from beholder.images.archives import expand_braces, find_member
from beholder.spec import PictureError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["PackFile", "PackSource", "find_source"]

_TAR_ENDINGS = (".tar", ".tar.gz", ".tgz")
# The last for an encrypted archive.
_DAMAGE = (
    zipfile.BadZipFile,
    tarfile.TarError,
    zlib.error,
    EOFError,
    OSError,
    NotImplementedError,
    RuntimeError,
)


@dataclasses.dataclass(frozen=True)
class PackFile:
    """A picture file that can be read now.

    Attributes:
        position: Its place in the source's order.
        path: The file.
        shown: What to call it in an error.
    """

    position: int
    path: Path
    shown: str


class PackSource(Protocol):
    """Picture files, in an order of their own."""

    @property
    def names(self) -> Sequence[str]:
        """What each is called, in order."""
        ...

    @property
    def listing(self) -> Sequence[tuple[str, int, int]]:
        """Path, size and time of change of all that the pictures depend on."""
        ...

    def read(self, folder: Path) -> Iterator[PackFile]:
        """The files, one after another, in any order; those that must be unpacked are put into ``folder``.

        Raises:
            PictureError: If an archive is damaged.
        """
        ...


def find_source(pictures: str | Path | Sequence[str | Path] | PackSource) -> PackSource:
    """The pictures of a folder, of archives, or of a list of files; a source is one already.

    Raises:
        PictureError: If there are none, or the archive cannot be read.
        UsageError: If it is none of these.
    """
    if not isinstance(pictures, str | Path | Sequence):
        if not hasattr(pictures, "read"):
            found = type(pictures).__name__
            raise UsageError(f"the pictures are a {found}; expected a folder, an archive or a list of files.")
        return pictures
    if not isinstance(pictures, str | Path):
        files = list_pictures(pictures)
        return _Files(tuple(str(file) for file in files), tuple(files))
    path = Path(pictures)
    if path.is_dir():
        files = list_pictures(path)
        return _Files(tuple(file.relative_to(path).as_posix() for file in files), tuple(files))
    if not path.exists() and len(shards := expand_braces(str(path))) > 1:
        return _Shards.open([Path(shard) for shard in shards])
    if not path.is_file():
        raise PictureError(f"{path}: found no such folder or archive; check the name.")
    if path.name.lower().endswith((".zip", *_TAR_ENDINGS)):
        return _Archive(path, _list_members(path))
    raise PictureError(
        f"{path}: found a file; expected a folder of pictures, or an archive of them that ends in "
        f".zip, {', '.join(_TAR_ENDINGS)}."
    )


def _stamp(path: Path) -> tuple[str, int, int]:
    try:
        told = path.stat()
    except (FileNotFoundError, NotADirectoryError) as error:
        if (member := find_member(path)) is None:
            raise PictureError(f"{path}: cannot be read: {error.strerror}.") from error
        return f"{member.archive.resolve()}/{member.offset}", member.size, member.archive.stat().st_mtime_ns
    except OSError as error:
        raise PictureError(f"{path}: cannot be read: {error.strerror}.") from error
    return str(path.resolve()), told.st_size, told.st_mtime_ns


@dataclasses.dataclass(frozen=True)
class _Files:
    names: tuple[str, ...]
    files: tuple[Path, ...]

    @property
    def listing(self) -> Sequence[tuple[str, int, int]]:
        return [_stamp(file) for file in self.files]

    def read(self, folder: Path) -> Iterator[PackFile]:  # noqa: ARG002  # nothing is unpacked
        for position, file in enumerate(self.files):
            yield PackFile(position, file, str(file))


@dataclasses.dataclass(frozen=True)
class _Archive:
    path: Path
    names: tuple[str, ...]
    first: int = 0  # position of the first

    @property
    def listing(self) -> Sequence[tuple[str, int, int]]:
        return [_stamp(self.path)]

    def read(self, folder: Path) -> Iterator[PackFile]:
        positions = {name: position for position, name in enumerate(self.names, self.first)}
        members = _read_members(self.path, positions)
        while True:
            try:
                name, content = next(members)
            except StopIteration:
                return
            except _DAMAGE as error:
                raise _damaged(self.path, error) from error
            # under a name of our own: one in an archive may lead anywhere
            target = folder / f"{positions[name]}{PurePosixPath(name).suffix}"
            target.write_bytes(content)
            yield PackFile(positions[name], target, f"{self.path}/{name}")


@dataclasses.dataclass(frozen=True)
class _Shards:
    """Archives that are one."""

    archives: tuple[_Archive, ...]

    @classmethod
    def open(cls, paths: Sequence[Path]) -> _Shards:
        archives: list[_Archive] = []
        for path in paths:
            source = find_source(path)
            if not isinstance(source, _Archive):
                raise PictureError(
                    f"{path}: found a folder; expected an archive, as of a pattern with braces."
                )
            first = archives[-1].first + len(archives[-1].names) if archives else 0
            archives.append(dataclasses.replace(source, first=first))
        return cls(tuple(archives))

    @property
    def names(self) -> Sequence[str]:
        return [f"{archive.path.name}/{name}" for archive in self.archives for name in archive.names]

    @property
    def listing(self) -> Sequence[tuple[str, int, int]]:
        return [stamp for archive in self.archives for stamp in archive.listing]

    def read(self, folder: Path) -> Iterator[PackFile]:
        for archive in self.archives:
            yield from archive.read(folder)


def _list_members(path: Path) -> tuple[str, ...]:
    try:
        if path.suffix.lower() == ".zip":
            with zipfile.ZipFile(path) as archive:
                found = [each.filename for each in archive.infolist() if not each.is_dir()]
        else:
            with tarfile.open(path) as tar:
                found = [each.name for each in tar if each.isfile()]
    except _DAMAGE as error:
        raise _damaged(path, error) from error
    # What macOS adds beside each file, ._NAME, is no picture.
    names = {
        name
        for name in found
        if PurePosixPath(name).suffix.lower() in PICTURE_SUFFIXES
        and not PurePosixPath(name).name.startswith("._")
    }
    if not names:
        raise PictureError(f"{path}: there are no pictures in it; expected an archive of them.")
    return tuple(sorted(names))


def _read_members(path: Path, wanted: dict[str, int]) -> Iterator[tuple[str, bytes]]:
    if path.suffix.lower() == ".zip":
        with zipfile.ZipFile(path) as archive:
            for name in wanted:
                yield name, archive.read(name)
        return
    with tarfile.open(path) as tar:
        left = set(wanted)
        for member in tar:  # as they lie in it: going back would decompress all again
            if member.name in left and member.isfile() and (file := tar.extractfile(member)) is not None:
                left.remove(member.name)
                yield member.name, file.read()


def _damaged(path: Path, error: BaseException) -> PictureError:
    return PictureError(
        f"{path}: found a damaged archive, or one of another kind ({error or type(error).__name__}); expected a whole "
        ".zip or .tar without a password; copy or download it again."
    )
