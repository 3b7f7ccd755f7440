"""Pairs and photographs out of the data sets of other libraries: WebDataset's samples, Hugging Face's rows."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from beholder.data.pack_sources import PackFile
from beholder.images import Pair, as_file
from beholder.images.held import HeldFile
from beholder.images.shards import find_field
from beholder.spec import PairingError, PictureError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from beholder.images import File

__all__ = ["DatasetPictures", "sample_pairs"]


def sample_pairs(
    samples: Iterable[Mapping[str, Any]], *, reference: str = "reference", distorted: str = "distorted"
) -> Iterator[Pair]:
    """Pairs of pictures out of the samples of a data set, for `beholder.score_iter` and its like.

    Pictures are decoded as files are, by Beholder's own reader: a column of Hugging Face's type ``Image`` is taken
    undecoded, and a pipeline of WebDataset must not decode. A cell may also be a path. Samples are taken as they are needed, and
    none is kept.

    Args:
        samples: A ``datasets.Dataset`` or ``IterableDataset``; a ``webdataset.WebDataset``; or any iterable of mappings
            from names to the bytes of picture files.
        reference: Column, or field, of the reference; a field's ending may be left out.
        distorted: That of the picture under test, likewise.

    Raises:
        PairingError: As the pairs are asked for, if a sample lacks a picture or holds something else. Pictures that
            cannot be decoded are an error of their row.

    Example:
        >>> pairs = sample_pairs(datasets.load_dataset("parquet", data_files="pairs.parquet", split="train"))
        >>> for row in beholder.score_iter(pairs, ["ssim"]):
        ...     print(row["distorted"], row["ssim"])
    """
    title = str(getattr(samples, "split", None) or "sample")
    for place, sample in enumerate(_undecoded(samples, (reference, distorted))):
        if not isinstance(sample, Mapping):
            raise PairingError(
                f"{title}[{place}]: found a {type(sample).__name__}; expected a mapping from names to pictures. Of a data "
                "set with splits, give one: dataset['train']."
            )
        sides = []
        for wanted in (reference, distorted):
            name = _sample_name(sample, title, place)
            field = find_field(sample, wanted, name)
            sides.append(_file(sample[field], f"{name}.{field}"))
        yield Pair(*sides)


class DatasetPictures:
    """The photographs in a column of a Hugging Face data set, for `beholder.data.packs.open_pack`.

    Args:
        dataset: A ``datasets.Dataset``.
        column: The column; of the type ``Image``, or with the bytes or paths of files.

    Raises:
        PictureError: If the data set is another, or has no such column or no rows.
    """

    def __init__(self, dataset: Any, column: str = "image") -> None:
        columns = getattr(dataset, "column_names", None)
        if not hasattr(dataset, "_fingerprint") or not isinstance(columns, list):
            raise PictureError(
                f"found a {type(dataset).__name__}; expected a datasets.Dataset: one split, and not streamed"
            )
        if column not in columns or not len(dataset):
            raise PictureError(
                f"the data set has {len(dataset)} rows with the columns {', '.join(columns)}; expected pictures under "
                f"{column!r}; name another column"
            )
        self._rows = _undecoded(dataset, (column,))
        self._column = column
        self._fingerprint = dataset._fingerprint
        self.names = tuple(f"{dataset.split or 'sample'}[{row}].{column}" for row in range(len(dataset)))

    @property
    def listing(self) -> Sequence[tuple[str, int, int]]:
        """What the data set is, in its own words."""
        return [(str(self._fingerprint), len(self.names), 0)]

    def read(self, folder: Path) -> Iterator[PackFile]:
        """The pictures' files, in order.

        Raises:
            PictureError: If a cell holds no picture.
        """
        for place, row in enumerate(self._rows):
            try:
                file = _file(row[self._column], self.names[place])
            except PairingError as error:
                raise PictureError(str(error)) from error
            if isinstance(file, HeldFile):
                target = folder / str(place)
                target.write_bytes(file.data)
                yield PackFile(place, target, str(file))
            else:
                yield PackFile(place, Path(file), f"{self.names[place]} ({file})")


def _undecoded(samples: Any, columns: Sequence[str]) -> Any:
    """A data set of Hugging Face's with nothing but these columns, as they are stored; others as they stand."""
    features = getattr(samples, "features", None)
    if not features or not hasattr(samples, "cast_column"):
        return samples
    image = import_module("datasets").Image
    samples = samples.with_format(None)
    for column in columns:
        if isinstance(features.get(column), image):
            samples = samples.cast_column(column, image(decode=False))
    # Where one is missing, the first row tells it, and what there is.
    return samples.select_columns(list(columns)) if set(columns) <= set(features) else samples


def _sample_name(sample: Mapping[str, Any], title: str, place: int) -> str:
    key, shard = sample.get("__key__"), sample.get("__url__")
    if key is None:
        return f"{title}[{place}]"
    return f"{shard}/{key}" if shard else str(key)


def _file(cell: Any, name: str) -> File:
    match cell:
        case bytes() | bytearray() | memoryview():
            return HeldFile(name, bytes(cell))
        case {"bytes": bytes(data)}:
            return HeldFile(name, data)
        case {"path": str(path)}:
            return as_file(path)
        case str() | os.PathLike():
            return as_file(cell)
    raise PairingError(
        f"{name}: found a {type(cell).__name__}; expected the bytes or the path of a picture file. Leave decoding to "
        "Beholder: without .decode() in a pipeline, and with dataset.cast_column(name, datasets.Image()) for pictures that "
        "are decoded."
    )
