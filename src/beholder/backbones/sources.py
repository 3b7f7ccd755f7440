"""Where weight files can be had: packages of the Python index and of npm, and torchvision's own address."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["ArchiveSource", "NpmSource", "PackageSource", "TorchvisionSource", "WeightSource"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class PackageSource:
    """A member of a pinned release on the Python package index.

    Attributes:
        file: Name of the weight file in the cache.
        sha256: Its SHA-256, checked before a byte of it is parsed.
        package: Name of the package.
        version: Its pinned version.
        archive_sha256: SHA-256 of the release's archive, which pip checks before it opens it.
        download_size: Size of that archive, in bytes.
        member: Path of the file inside the archive.
        wheel: Whether the release is a wheel; else it is a source archive.
        rename: The file's module paths -> torchvision's. Empty where the names agree.
        span: First byte and number of bytes that the file takes of the member, where it is not the whole.
        platform: The platform whose wheel is meant, as pip names it, where each has its own.
    """

    file: str
    sha256: str
    package: str
    version: str
    archive_sha256: str
    download_size: int
    member: str
    wheel: bool
    rename: Mapping[str, str]
    span: tuple[int, int] | None = None
    platform: str | None = None

    def cut(self, member: bytes) -> bytes:
        """The weight file, out of the whole member."""
        start, size = self.span or (0, len(member))
        return member[start : start + size]

    @property
    def pip_options(self) -> list[str]:
        """What ``pip download`` must be told besides the requirement, to get this very archive."""
        kind = "--only-binary" if self.wheel else "--no-binary"
        return [f"{kind}={self.package}", *([f"--platform={self.platform}"] if self.platform else [])]

    @property
    def members(self) -> tuple[str, ...]:
        """Paths inside the archive."""
        return (self.member,)

    @property
    def offline(self) -> str:
        """How to get it onto a machine without a network."""
        options = " ".join(self.pip_options)
        return f"`pip download --no-deps {options} {self.requirement}` elsewhere, bring the archive"

    @property
    def brought(self) -> str:
        """What is then brought."""
        return "ARCHIVE"

    @property
    def requirement(self) -> str:
        """The release as pip names it."""
        return f"{self.package}=={self.version}"

    def __str__(self) -> str:
        return f"{self.member} in the package {self.requirement}"


@dataclasses.dataclass(frozen=True, kw_only=True)
class NpmSource:
    """Members of a pinned release on npm, one behind the other.

    Attributes:
        file: Name of the weight file in the cache.
        sha256: Its SHA-256, checked before a byte of it is parsed.
        package: Name of the package, with its scope.
        version: Its pinned version.
        archive_sha256: SHA-256 of the release's archive, checked before it is opened.
        download_size: Size of that archive, in bytes.
        members: Paths inside the archive of what the weight file is made of: a manifest and its data.
        rename: The file's module paths -> ours. Empty where the names agree.
    """

    file: str
    sha256: str
    package: str
    version: str
    archive_sha256: str
    download_size: int
    members: tuple[str, ...]
    rename: Mapping[str, str] = dataclasses.field(default_factory=dict)

    @property
    def requirement(self) -> str:
        """The release as npm names it."""
        return f"{self.package}@{self.version}"

    @property
    def url(self) -> str:
        """The archive's address at the registry that this user's npm is told to use."""
        name = self.package.rpartition("/")[2]
        return f"{_npm_registry()}/{self.package}/-/{name}-{self.version}.tgz"

    @property
    def offline(self) -> str:
        """How to get it onto a machine without a network."""
        return f"`npm pack {self.requirement}` elsewhere, bring the archive"

    @property
    def brought(self) -> str:
        """What is then brought."""
        return "ARCHIVE"

    def __str__(self) -> str:
        return f"{' and '.join(self.members)} in the npm package {self.requirement}"


def _npm_registry() -> str:
    """The registry of npm's variable, else of the user's ``.npmrc``, else npm's own."""
    for name, address in os.environ.items():
        if name.lower() == "npm_config_registry" and address:  # npm takes either case
            return address.rstrip("/")
    try:
        settings = Path.home() / ".npmrc"
    except RuntimeError:  # a user without a home, as in some containers
        settings = Path(".npmrc")
    lines = settings.read_text(encoding="utf-8", errors="replace").splitlines() if settings.is_file() else []
    for line in lines:
        key, _, value = line.partition("=")
        if key.strip() == "registry" and value.strip():
            return value.strip().strip("\"'").rstrip("/")
    return "https://registry.npmjs.org"


@dataclasses.dataclass(frozen=True, kw_only=True)
class TorchvisionSource:
    """A file at torchvision's own address.

    Attributes:
        file: Name of the file.
        sha256: Its SHA-256, checked before a byte of it is parsed.
        enum: The entry of ``torchvision.models`` that knows the address.
        rename: Empty: the names are torchvision's.
    """

    file: str
    sha256: str
    enum: str
    rename: Mapping[str, str] = dataclasses.field(default_factory=dict)

    @property
    def _entry(self) -> Any:
        from torchvision.models import get_weight

        return get_weight(self.enum)

    @property
    def url(self) -> str:
        """The address, as the installed torchvision gives it."""
        return str(self._entry.url)

    @property
    def download_size(self) -> int:
        """Size of the file, in bytes, as the installed torchvision gives it."""
        return int(self._entry.meta["_file_size"] * 2**20)

    @property
    def offline(self) -> str:
        """How to get it onto a machine without a network."""
        return f"bring {self.url}"

    @property
    def brought(self) -> str:
        """What is then brought."""
        return self.file

    def __str__(self) -> str:
        return f"{self.file} at torchvision's address ({self.enum})"


ArchiveSource = PackageSource | NpmSource
WeightSource = ArchiveSource | TorchvisionSource
