"""The kinds of lists of pairs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from beholder.images.addresses import as_file
from beholder.images.csv_list import CsvList
from beholder.images.shards import SHARD_ENDINGS, ShardList

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from beholder.images.pair_list import PairList

__all__ = ["read_pairs"]


def read_pairs(path: str | Path, *, tell: Callable[[int, int], object] | None = None) -> PairList | ShardList:
    """Read pairs from a list with the columns ``reference`` and ``distorted``, in small letters or capitals.

    Other columns are passed over, and so are blanks around a cell. Relative paths start at the list's folder; addresses stand for themselves. The
    files themselves are not looked for: one that is missing fails when it is read, and the others go on. The list
    is looked through once, and then read as its pairs are asked for: it may have any number of rows, and must not
    change meanwhile.

    Args:
        path: The list, or its address in an object store: Parquet where the name ends in ``.parquet``, else CSV in
            UTF-8, separated by commas. Or a shard of a WebDataset, ``.tar``, or a pattern of them
            (``pairs-{000..009}.tar``), on this machine; its fields are ``reference`` and ``distorted``, see
            `beholder.images.shards.ShardList`.
        tell: Called with the number of shards that are looked through, and of all.

    Returns:
        The pairs in the list's order.

    Raises:
        PairingError: If the file cannot be read, is no such list, lacks a column or any row, or has an empty cell.
        AddressError: If its address cannot be had.
        MissingPackageError: If no package is installed that opens it.
    """
    path = as_file(path)
    if path.name.lower().endswith(SHARD_ENDINGS):
        return ShardList(path, tell=tell)
    if path.suffix.lower() == ".parquet":
        from beholder.images.parquet_list import ParquetList

        return ParquetList(path)
    return CsvList(path)
