"""Results to where they belong: files of this machine, and files in object storage by their address."""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from beholder.backbones.cache import cache_folder
from beholder.images.addresses import Address, store_of
from beholder.spec import AddressError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from beholder.images import File

__all__ = ["check_address", "parts_folder", "writing"]


def parts_folder(output: File) -> Path:
    """Where the rows of a run stand until its table is written: ``OUTPUT.parts``.

    Of an address, whose store has neither locks nor files that grow, they stand on this machine: in
    ``$BEHOLDER_CACHE/runs``, else in ``runs`` under the user's cache folder, by a hash of the address.
    """
    if isinstance(output, Address):
        digest = hashlib.sha256(os.fsencode(output)).hexdigest()[:16]
        return cache_folder().with_name("runs") / f"{digest}.parts"
    output = Path(os.path.realpath(output)) if output.is_symlink() else output
    return output.with_name(output.name + ".parts")


def check_address(address: Address) -> None:
    """Refuse an address that takes no file; as on a disk, permissions alone do not tell.

    Raises:
        AddressError: If it is a folder, or nothing can be written beside it and removed again.
        MissingPackageError: If no package is installed that opens it.
    """
    if address.endswith("/"):
        raise AddressError(
            f"{address}: found a folder; expected the name of a file to write; leave out the slash"
        )
    with store_of(address) as (store, path):
        store.pipe_file(f"{path}.probe", b"")
        store.rm_file(f"{path}.probe")


@contextlib.contextmanager
def writing(file: File, room: Path | None = None) -> Iterator[Path]:
    """Where to write a file; where it is to go into object storage, it is uploaded in the end.

    Stores put a file in its place whole or not at all. So do the files that belong to it, whose names are its own with
    more behind; they go first.

    Args:
        file: The file.
        room: A folder to keep what is uploaded in; by default it is removed.

    Raises:
        AddressError: If the store does not take it.
        MissingPackageError: If no package is installed that opens its address.
    """
    if isinstance(file, Path):
        yield file
        return
    with contextlib.ExitStack() as stack:
        parent = room or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="beholder-")))
        folder = parent / ".upload"  # a name that a run clears away, should it break off
        folder.mkdir(exist_ok=True)
        local = folder / f"file{file.suffix}"
        yield local
        for made in sorted(folder.glob(f"{local.name}*"), reverse=True):
            with store_of(Address(file + made.name.removeprefix(local.name))) as (store, path):
                store.put_file(str(made), path)
