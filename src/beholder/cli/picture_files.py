"""Pictures in and pictures out: which file is written for which."""

from __future__ import annotations

import os
from pathlib import Path

from beholder.cli.outputs import check_file, check_folder
from beholder.spec import PictureError, UsageError

__all__ = ["make_folder_of", "plan_pictures"]


def plan_pictures(pictures: Path, output: Path) -> list[tuple[Path, Path]]:
    """Each picture with the file to write for it.

    Args:
        pictures: A picture, or a folder of them; in its subfolders too.
        output: The file to write; for a folder, the folder, made for it, in which each picture has its own name as .png.

    Raises:
        UsageError: If something could not be written, or would be written over.
    """
    from beholder.data.kmeans import list_pictures
    from beholder.images.saving import check_picture_ending

    if not pictures.exists():
        raise UsageError(f"{pictures}: is not there; expected a picture, or a folder of them.")
    if not pictures.is_dir():
        check_picture_ending(output)
        check_file(output)
        jobs = [(pictures, output)]
    else:
        made = Path(os.path.realpath(output))
        if made == Path(os.path.realpath(pictures)):
            raise UsageError(f"{output}: is where the pictures are; name another folder.")
        check_folder(output)
        found = [
            path
            for path in list_pictures(pictures)
            if not Path(os.path.realpath(path.parent)).is_relative_to(made)
        ]
        jobs = [(path, (output / path.relative_to(pictures)).with_suffix(".png")) for path in found]
    taken: dict[Path, Path] = {}
    for source, target in jobs:
        if target in taken:
            raise UsageError(
                f"{target}: would be written for both {taken[target]} and {source}; rename one of them."
            )
        if target.exists():
            raise UsageError(
                f"{target}: is there already, and would be written for {source}; move it, or name another."
            )
        taken[target] = source
    return jobs


def make_folder_of(picture: Path) -> None:
    """Make the folder that a picture will be written to.

    Raises:
        PictureError: If it cannot be made.
    """
    try:
        picture.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise PictureError(f"{picture}: its folder cannot be made: {error.strerror}") from error
