"""Pairs from a Parquet file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from beholder.images.pair_list import COLUMNS, PairList
from beholder.images.source import shown
from beholder.spec import PairingError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["ParquetList"]


class ParquetList(PairList):
    """Pairs from a Parquet file with text in the columns ``reference`` and ``distorted``."""

    def _check(self) -> None:
        try:
            schema = pl.read_parquet_schema(self.file)
        except pl.exceptions.PolarsError as error:
            raise PairingError(
                f"{shown(self.path)}: cannot be read ({error}); expected a Parquet file"
            ) from error
        names = [name.strip().casefold() for name in schema]
        if any(names.count(name) != 1 for name in COLUMNS):
            raise PairingError(
                f"{shown(self.path)}: found the columns {list(schema)}; expected {' and '.join(COLUMNS)}, once each"
            )
        self._columns = {name: list(schema)[names.index(name)] for name in COLUMNS}
        for name, column in self._columns.items():
            if schema[column] not in (pl.String, pl.Categorical, pl.Enum):
                raise PairingError(
                    f"{shown(self.path)}: found {schema[column]} under {name}; expected text, the paths of pictures"
                )

    def _cells(self, count: int) -> Iterator[tuple[str, str]]:
        row = count
        named = (
            pl.col(column).cast(pl.String).str.strip_chars().alias(name)
            for name, column in self._columns.items()
        )
        try:
            for rows in (
                pl.scan_parquet(self.file).select(named).slice(count).collect_batches(maintain_order=True)
            ):
                for reference, distorted in rows.iter_rows():
                    row += 1
                    if not (reference and distorted):
                        raise PairingError(
                            f"{shown(self.path)}, row {row}: found nothing under "
                            f"{'distorted' if reference else 'reference'}; expected a path to a picture"
                        )
                    yield reference, distorted
        except pl.exceptions.PolarsError as error:
            raise PairingError(
                f"{shown(self.path)}: cannot be read ({error}); expected a Parquet file"
            ) from error
