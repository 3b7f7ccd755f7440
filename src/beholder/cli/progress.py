"""How far a run is: a bar, lines of JSON, or nothing."""

from __future__ import annotations

import abc
import contextlib
import json
import time
import traceback
from collections import deque
from typing import TYPE_CHECKING, Any

from beholder.cli.console import progress_bar, say

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from beholder.scoring import ScoredPair

__all__ = ["RunLog", "open_log", "tell_event"]

_BAR_SECONDS = 0.1
_LINE_SECONDS = 5.0
_RECENT_SECONDS = 30.0


class RunLog(abc.ABC):
    """What is told of a run while it goes on.

    Attributes:
        rows: Rows of the run.
        done: Those that are scored, whether now or before the run was resumed.
        failed: Those among them with an error.
    """

    def __init__(self, unit: str, seconds: float) -> None:
        self.unit = unit
        self.rows = self.done = self.failed = 0
        self._seconds = seconds
        self._told = 0.0

    @abc.abstractmethod
    def prepare(self, name: str, steps: int) -> Callable[[int], object]:
        """Begin what goes before the first row; returns what is called with the steps that are done."""

    def start(self, rows: int, done: int, failed: int) -> None:
        """Begin, or go on."""
        self.rows, self.done, self.failed = rows, done, failed

    def scored(self, pair: ScoredPair) -> None:
        """Count a row."""
        self.done += 1
        self.failed += pair.error is not None
        now = time.monotonic()
        if now - self._told >= self._seconds:
            self._told = now
            self.show()

    @abc.abstractmethod
    def show(self) -> None:
        """Tell how far the run is."""

    def bug(self) -> None:
        """Tell the error that is being handled in full."""
        traceback.print_exc()


class _Bar(RunLog):
    def __init__(self, unit: str, *, quiet: bool) -> None:
        super().__init__(unit, _BAR_SECONDS)
        self.bar = progress_bar(unit, quiet=quiet)

    def prepare(self, name: str, steps: int) -> Callable[[int], object]:
        task = self.bar.add_task(name, total=steps, failed="", unit="frames")
        return lambda done: self.bar.update(task, completed=min(done, steps))

    def start(self, rows: int, done: int, failed: int) -> None:
        # Rows that were there before do not count into the rate.
        self._task = self.bar.add_task("scoring", total=rows, completed=done, failed="")
        super().start(rows, done, failed)
        self.show()

    def show(self) -> None:
        failed = f"{self.failed:,} failed" if self.failed else ""
        self.bar.update(self._task, completed=self.done, failed=failed)


class _Lines(RunLog):
    def __init__(self, unit: str) -> None:
        super().__init__(unit, _LINE_SECONDS)
        self._recent: deque[tuple[float, int]] = deque()

    def prepare(self, name: str, steps: int) -> Callable[[int], object]:
        tell_event("prepare", what=name, steps=steps)
        return lambda _: None

    def start(self, rows: int, done: int, failed: int) -> None:
        tell_event("start", unit=self.unit, rows=rows, done=done, failed=failed)
        self._told = time.monotonic()
        self._recent.append((self._told, done))
        super().start(rows, done, failed)

    def scored(self, pair: ScoredPair) -> None:
        if pair.error is not None:
            row = pair.as_row()
            tell_event(
                "failure", row=pair.index, **{name: row[name] for name in ("reference", "distorted", "error")}
            )
        super().scored(pair)

    def show(self) -> None:
        now = time.monotonic()
        while len(self._recent) > 1 and now - self._recent[0][0] > _RECENT_SECONDS:
            self._recent.popleft()
        since, before = self._recent[0]
        rate = (self.done - before) / (now - since) if now > since else 0.0
        self._recent.append((now, self.done))
        left = round((self.rows - self.done) / rate, 1) if rate else None
        tell_event(
            "progress",
            done=self.done,
            rows=self.rows,
            failed=self.failed,
            per_second=round(rate, 3),
            seconds_left=left,
        )

    def bug(self) -> None:
        tell_event("bug", traceback=traceback.format_exc())


@contextlib.contextmanager
def open_log(unit: str, *, quiet: bool = False, as_json: bool = False) -> Iterator[RunLog]:
    """What tells of a run on standard error.

    Args:
        unit: What a row stands for, in the plural.
        quiet: Tell nothing.
        as_json: Tell it in lines of JSON.
    """
    if as_json:
        yield _Lines(unit)
        return
    log = _Bar(unit, quiet=quiet)
    with log.bar:
        try:
            yield log
        finally:
            if log.rows:
                log.show()


def tell_event(event: str, **told: Any) -> None:
    """One line of JSON on standard error."""
    say(json.dumps({"event": event, **told}, ensure_ascii=False, allow_nan=False))
