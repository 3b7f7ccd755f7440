"""The kinds of lists of pairs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from beholder.images.addresses import as_file
from beholder.images.csv_list import CsvList

if TYPE_CHECKING:
    from pathlib import Path

    from beholder.images.pair_list import PairList

__all__ = ["read_pairs"]


def read_pairs(path: str | Path) -> PairList:
    """Read pairs from a list with the columns ``reference`` and ``distorted``, in small letters or capitals.

    Other columns are passed over, and so are blanks around a cell. Relative paths start at the list's folder; addresses stand for themselves. The
    files themselves are not looked for: one that is missing fails when it is read, and the others go on. The list
    is looked through once, and then read as its pairs are asked for: it may have any number of rows, and must not
    change meanwhile.

    Args:
        path: The list, or its address in an object store: Parquet where the name ends in ``.parquet``, else CSV in
            UTF-8, separated by commas.

    Returns:
        The pairs in the list's order.

    Raises:
        PairingError: If the file cannot be read, is no such list, lacks a column or any row, or has an empty cell.
        AddressError: If its address cannot be had.
        MissingPackageError: If no package is installed that opens it.
    """
    path = as_file(path)
    if path.suffix.lower() == ".parquet":
        from beholder.images.parquet_list import ParquetList

        return ParquetList(path)
    return CsvList(path)
