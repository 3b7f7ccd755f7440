"""Pairs in the shards of a WebDataset: tar archives whose members are grouped by name."""

from __future__ import annotations

import itertools
import re
from pathlib import Path
from typing import TYPE_CHECKING

from beholder.images.addresses import Address, as_file
from beholder.images.archives import expand_braces, list_members
from beholder.images.pairing import Pair
from beholder.images.source import shown
from beholder.spec import PairingError, PictureError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

__all__ = ["SHARD_ENDINGS", "ShardList", "find_field"]

SHARD_ENDINGS = (".tar", ".tar.gz", ".tgz")
"""Endings of archives; those that are compressed are taken for shards to be refused in words that help."""

# As WebDataset splits names: a key, with its folder, up to the first dot of the name, and a field.
_NAME = re.compile(r"((?:.*/)?[^./]+)\.([^/]+)")


class ShardList:
    """The pairs in shards, however many: files in tar archives that are read where they lie.

    Neighbouring members whose names agree up to the first dot are a sample; what stands behind it is the field:
    ``0001.reference.png`` and ``0001.distorted.jpg`` are the fields ``reference.png`` and ``distorted.jpg`` of the
    sample ``0001``. All shards are looked through once, and their pictures are read as they are asked for; they must not
    change meanwhile.

    Args:
        shards: A shard, a pattern such as ``pairs-{000..009}.tar``, or a list of either.
        reference: Field of the reference, with or without its ending.
        distorted: Field of the picture under test, likewise.
        tell: Called with the number of shards that are looked through, and of all.

    Raises:
        PairingError: If a shard cannot be read, a sample lacks a field or has it twice, or there is none.
    """

    def __init__(
        self,
        shards: str | Path | Sequence[str | Path],
        *,
        reference: str = "reference",
        distorted: str = "distorted",
        tell: Callable[[int, int], object] | None = None,
    ) -> None:
        given = [shards] if isinstance(shards, str | Path) else list(shards)
        self.shards = tuple(path for each in given for path in _expand(each))
        self._fields = (reference, distorted)
        self._counts: list[int] = []
        for done, shard in enumerate(self.shards, 1):
            self._counts.append(sum(1 for _ in self._pairs(shard)))
            if tell:
                tell(done, len(self.shards))
        if not len(self):
            raise PairingError(
                f"{', '.join(map(str, given)) or 'no shard'}: found no samples; expected members such as "
                f"0001.{reference}.png and 0001.{distorted}.png"
            )

    def __len__(self) -> int:
        return sum(self._counts)

    def __iter__(self) -> Iterator[Pair]:
        return self.after(0)

    def after(self, count: int) -> Iterator[Pair]:
        """The pairs, but for some of the first."""
        for shard, samples in zip(self.shards, self._counts, strict=True):
            if count < samples:
                yield from itertools.islice(self._pairs(shard), count, None)
            count = max(0, count - samples)

    def _pairs(self, shard: Path) -> Iterator[Pair]:
        try:
            names = list_members(shard)
        except PictureError as error:
            raise PairingError(str(error)) from error
        for key, fields in _samples(names):
            reference, distorted = (
                shard / fields[find_field(fields, wanted, f"{shown(shard)}, sample {key}")]
                for wanted in self._fields
            )
            yield Pair(reference, distorted)


def find_field(fields: Iterable[str], wanted: str, sample: str) -> str:
    """The one field of that name, whatever its ending.

    Args:
        fields: The fields that there are.
        wanted: A name; ``reference`` means ``reference.png``, too.
        sample: What errors call the sample.

    Raises:
        PairingError: If there is none, or more than one.
    """
    there = [field for field in fields if not field.startswith("__")]
    exact = [field for field in there if field == wanted]
    found = exact or [field for field in there if field.lower().startswith(f"{wanted.lower()}.")]
    if len(found) != 1:
        raise PairingError(
            f"{sample}: found the fields {', '.join(there) or 'none'}; expected {wanted!r} once, with or without an "
            "ending; name another with reference= or distorted= in Python, or leave the sample out"
        )
    return found[0]


def _expand(given: str | Path) -> list[Path]:
    file = as_file(given)
    if isinstance(file, Address):
        raise PairingError(
            f"{shown(file)}: found an address; expected a shard on this machine; download it, or stream it through "
            "webdataset.WebDataset and beholder.data.samples.sample_pairs"
        )
    return [file] if file.exists() else [Path(name) for name in expand_braces(str(file))]


def _samples(names: Iterable[str]) -> Iterator[tuple[str, Mapping[str, str]]]:
    """Neighbours of one key: field to member."""
    split = ((found[1], found[2], name) for name in names if (found := _NAME.fullmatch(name)))
    for key, members in itertools.groupby(split, key=lambda each: each[0]):
        if not key.startswith("__"):  # what describes the shard
            yield key, {field: name for _, field, name in members}
