"""What Prometheus is told."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from beholder.serving.admission import Admission

__all__ = ["Measures"]

_SECONDS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30)
_PAIRS = (1, 2, 4, 8, 16, 32, 64, 128)


class Measures:
    """Counters of one server, apart from those of any other in the process.

    Args:
        admission: What is in hand.
    """

    def __init__(self, admission: Admission) -> None:
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        self._requests = Counter(
            "beholder_requests", "Requests answered, by HTTP status.", ["status"], registry=self._registry
        )
        self._seconds = Histogram(
            "beholder_request_seconds", "Time until the answer.", buckets=_SECONDS, registry=self._registry
        )
        self._pairs = Histogram(
            "beholder_batch_pairs", "Pairs scored in one go.", buckets=_PAIRS, registry=self._registry
        )
        self._scoring = Histogram(
            "beholder_batch_seconds", "Time to score a batch.", buckets=_SECONDS, registry=self._registry
        )
        in_hand = Gauge("beholder_requests_in_hand", "Requests for scores in hand.", registry=self._registry)
        in_hand.set_function(lambda: admission.requests)
        held = Gauge("beholder_held_bytes", "Bytes of files and pictures in hand.", registry=self._registry)
        held.set_function(lambda: admission.memory)

    def count_request(self, status: int, seconds: float) -> None:
        """Count a request that is answered."""
        self._requests.labels(status=str(status)).inc()
        self._seconds.observe(seconds)

    @contextlib.contextmanager
    def count_batch(self, pairs: int) -> Iterator[None]:
        """Count a batch, and the time until it is scored."""
        self._pairs.observe(pairs)
        with self._scoring.time():
            yield

    def as_text(self) -> bytes:
        """All of them, in Prometheus' text format."""
        return generate_latest(self._registry)
