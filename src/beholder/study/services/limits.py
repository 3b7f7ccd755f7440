"""How often something may be tried from one address, which is never stored."""

from __future__ import annotations

import collections
import datetime as dt
import time
from typing import TYPE_CHECKING

from sqlalchemy import delete, func, select

from beholder.study.database import now
from beholder.study.models import Attempt
from beholder.study.services.refusals import RefusedError

if TYPE_CHECKING:
    from sqlalchemy.orm import Session as Transaction

    from beholder.study.services.tokens import Signer
    from beholder.study.settings import ServerSettings

__all__ = ["Limits"]

_QUARTER = 15 * 60
_DAY = 24 * 3600 * 1000
_MOST_CLIENTS = 10_000


class Limits:
    """Counts tries.

    Args:
        signer: Hashes addresses.
        settings: How many may be.
    """

    def __init__(self, signer: Signer, settings: ServerSettings) -> None:
        self._signer, self._settings = signer, settings
        self._buckets: collections.OrderedDict[str, tuple[float, float]] = collections.OrderedDict()

    def check_begin(self, address: str) -> None:
        """Count a new observer, in this process.

        Raises:
            RefusedError: If too many came from the address.
        """
        most = self._settings.begins_a_minute
        client, moment = self._client(address), time.monotonic()
        left, last = self._buckets.pop(client, (float(most), moment))
        left = min(most, left + (moment - last) * most / 60)
        if left < 1:
            self._buckets[client] = (left, moment)
            raise RefusedError(
                429, "too many observers begin from this address; try again in a minute.", wait=60
            )
        self._buckets[client] = (left - 1, moment)
        if len(self._buckets) > _MOST_CLIENTS:
            self._buckets.popitem(last=False)

    def check_tries(self, transaction: Transaction, what: str, address: str) -> None:
        """Refuse who has failed too often.

        Raises:
            RefusedError: If a quarter of an hour has to pass.
        """
        since = now() - _QUARTER * 1000
        query = (
            select(func.count())
            .select_from(Attempt)
            .where(Attempt.at > since, Attempt.what == what, Attempt.client == self._client(address))
        )
        if (transaction.scalar(query) or 0) >= self._settings.tries:
            raise RefusedError(
                429, "too many failed tries; try again in a quarter of an hour.", wait=_QUARTER
            )

    def count_failure(self, transaction: Transaction, what: str, address: str) -> None:
        """Remember a failed try for a day."""
        transaction.execute(delete(Attempt).where(Attempt.at < now() - _DAY))
        transaction.add(Attempt(at=now(), what=what, client=self._client(address)))

    def _client(self, address: str) -> str:
        today = dt.datetime.now(dt.UTC).date().isoformat()
        return self._signer.digest(f"{today}:{address}")
