"""What became of a run: the table, the page, the summary, and the exit code."""

from __future__ import annotations

import dataclasses
import json
import textwrap
from typing import TYPE_CHECKING

import typer

from beholder.cli.console import messages, print_out, print_wide, say
from beholder.cli.progress import tell_event
from beholder.spec import AddressError, BeholderError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from beholder.cli.job import Wishes, WritePage
    from beholder.cli.maps import Maps
    from beholder.cli.progress import RunLog
    from beholder.images import File
    from beholder.scoring import StoredScores

__all__ = ["Outcome"]

_SHOWN = 10
_ROWS_IN_TERMINAL = 1000


@dataclasses.dataclass
class Outcome:
    """What a run has scored, and what it has written so far.

    Attributes:
        scores: The rows; all of them, unless the run was stopped.
        wishes: What was asked for.
        log: What tells of the run.
        kept: The folder that holds the rows where the table was not written.
        stopped: Why the run did not end well, or ``None``.
        code: The exit code, where it did not.
        has_table: Whether the table is written.
    """

    scores: StoredScores
    wishes: Wishes
    log: RunLog
    kept: Path
    stopped: str | None
    code: int
    has_table: bool = False
    written: list[File] = dataclasses.field(default_factory=list)

    def write_table(self, complete: Callable[[StoredScores], StoredScores], room: Path) -> None:
        """Make the whole table of what was scored, and write it if it is asked for."""
        from beholder.scoring import StoredScores
        from beholder.scoring.storing import writing
        from beholder.scoring.writing import write_scores

        output = self.wishes.output
        try:
            self.scores = complete(self.scores)
            if output is not None:
                with writing(output, room) as file:
                    write_scores(self.scores.frame, self.scores.provenance, file, room=room)
                self.written.append(output)
                self.has_table = True
                # Where columns were added, the file that they were added to is no longer there.
                self.scores = StoredScores.open(file) if file.suffix == ".parquet" else self.scores
        except KeyboardInterrupt:
            self._stop("interrupted before the table was written", 130)
        except (OSError, AddressError) as error:
            self._stop(_unwritten(output, error), 3)

    def write_page(self, write: WritePage, maps: Maps | None) -> None:
        """Write the page, if it is asked for; whatever fails, the table is there."""
        page = self.wishes.report
        if page is None or (self.stopped and self.wishes.output):
            return
        from beholder.scoring.storing import writing

        metrics = list(self.scores.provenance["metrics"])
        try:
            with writing(page, self.kept) as file:
                write(self.scores, file, lambda rows: maps.on_page(rows, metrics) if maps else {})
            self.written.append(page)
        except KeyboardInterrupt:
            self._stop("interrupted before the page was written", 130)
        except (BeholderError, OSError) as error:
            self._stop(_unwritten(page, error), 3)
        except Exception as error:  # noqa: BLE001 -- a bug in the page: told in full, and the table is there
            self.log.bug()
            self._stop(f"{page}: cannot be written: {error!r}", 3)

    def summarise(self, maps: Maps | None) -> None:
        """Means, failures, warnings and written files, on standard error."""
        if self.wishes.maps is not None and maps and maps.drawn:
            self.written.append(self.wishes.maps)
        if self.wishes.quiet or self.wishes.log_json:
            return
        from rich.markup import escape

        from beholder.reports import summary_table

        console = messages()
        console.print(summary_table(self.scores))
        told = self.scores.provenance
        for warning in told["warnings"][:_SHOWN]:
            console.print(f"[yellow]note:[/] {escape(warning)}")
        more = len(told["warnings"]) - _SHOWN
        if more > 0:
            beyond = f", and {left:,} beyond those" if (left := told.get("warnings_left_out")) else ""
            console.print(f"[yellow]note:[/] and {more:,} more, in the result's provenance{beyond}")
        if self.log.failed:
            console.print(f"[red]{self.log.failed:,} of {self.log.done:,} {self.log.unit} failed:[/]")
            for line in self.scores.failures(_SHOWN):
                console.print("  " + escape(line))
            if self.log.failed > _SHOWN:
                console.print(f"  and {self.log.failed - _SHOWN:,} more: see the column error")
        for path in self.written:
            console.print(f"wrote {escape(str(path))}")

    def print_table(self) -> None:
        """The rows as a table on standard output: a thousand at most."""
        from beholder.reports import score_table

        table = self.scores.head(_ROWS_IN_TERMINAL)
        print_wide(score_table(table))
        if table.frame.height < self.scores.provenance["rows"]:
            say(
                f"the first {table.frame.height:,} of {self.scores.provenance['rows']:,} {self.log.unit} are shown; "
                "-o FILE keeps all of them."
            )

    def print_json(self) -> None:
        """The rows as a JSON list on standard output."""
        separator = "["
        for rows in self.scores.slices():
            texts = [json.dumps(row, indent=1, ensure_ascii=False, allow_nan=False) for row in rows]
            if texts:
                print_out(separator + "\n" + ",\n".join(textwrap.indent(text, " ") for text in texts))
                separator = ","
        print_out("[]" if separator == "[" else "]")

    def leave(self) -> None:
        """Say what is wrong, and end with the exit code that tells it.

        130 interrupted, 3 broken off or not all written, 1 some rows failed.

        Raises:
            typer.Exit: If anything is.
        """
        code = self.code if self.stopped else int(self.log.failed > 0)
        keeps = self.stopped and self.wishes.output and not self.has_table and self.scores.provenance["rows"]
        rest = (
            f"; what was scored is kept in {self.kept}: the same command with --resume goes on"
            if keeps
            else ""
        )
        if self.wishes.log_json:
            tell_event(
                "end",
                done=self.log.done,
                rows=self.log.rows,
                failed=self.log.failed,
                stopped=self.stopped,
                kept=str(self.kept) if keeps else None,
                written=list(map(str, self.written)),
                exit_code=code,
            )
        elif self.stopped:
            say(f"{self.stopped}{rest}.")
        if code:
            raise typer.Exit(code)

    def _stop(self, why: str, code: int) -> None:
        self.stopped = "; ".join(filter(None, [self.stopped, why]))
        self.code = self.code or code


def _unwritten(file: File | None, error: Exception) -> str:
    if isinstance(error, AddressError):
        return str(error)  # it names the file
    return f"{file}: cannot be written: {getattr(error, 'strerror', None) or error}"
