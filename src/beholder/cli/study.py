"""`beholder study`: ask people."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from beholder.cli.console import print_out, progress_bar, say
from beholder.cli.options import Quiet
from beholder.cli.study_packages import require_study
from beholder.cli.study_rehearsal import rehearse
from beholder.cli.study_results import analyse, codes, export
from beholder.spec import UsageError

if TYPE_CHECKING:
    from beholder.study.folder import StudyFolder
    from beholder.study.stimuli.found import Pixels

__all__ = ["study"]

_TIMEOUT = 30  # seconds for a request

study = typer.Typer(
    help="Ask people how alike pictures look to them.", no_args_is_help=True, rich_markup_mode="rich"
)

Database = Annotated[
    str | None,
    typer.Option(
        envvar="BEHOLDER_DATABASE",
        help="Where answers go: postgresql+psycopg://USER:PASSWORD@HOST/NAME; SQLite in the study's folder by default.",
    ),
]


@study.command()
def new(
    name: Annotated[Path, typer.Argument(help="The study's folder, which is made.")],
    settings: Annotated[
        list[str] | None, typer.Argument(metavar="[KEY=VALUE]...", help="Settings in place of the design's.")
    ] = None,
    design: Annotated[
        Path, typer.Option("-d", "--design", help="The design, a YAML file (docs/study.md).")
    ] = Path("design.yaml"),
    database: Database = None,
    quiet: Quiet = False,
) -> None:
    """Make a study of its design: check it, gather its pictures, make catch and training trials.

    The pictures are copied, as PNG: the folder holds all that the study needs.

    Exit code: 0 made; 2 something is missing or wrong, and nothing was made.

    Examples:
        beholder study new faces --design design.yaml

        beholder study new pilot --design design.yaml votes=2 session.trials=20
    """
    require_study()
    from beholder.study.creating import create_study, find_stimuli, observers_needed
    from beholder.study.design import read_design
    from beholder.study.design.precision import expect_precision

    read = read_design(design, settings or [])
    with progress_bar("pictures", quiet=quiet) as bar:
        task = bar.add_task("storing", total=None, failed="")
        folder = create_study(
            read,
            name,
            _decode,
            database=database,
            tell=lambda done, total: bar.update(task, completed=done, total=total),
        )
    judged = folder.told["stimuli"]
    observers = observers_needed(read, judged)
    say(
        f"made {name}: {judged} stimuli, {read.votes} votes each: {observers} observers who do all of their trials"
    )
    expected = expect_precision(read, find_stimuli(read))
    for line in expected.told:
        say(line)
    if expected.shortfall:
        say(f"warning: {expected.shortfall}")
    say(f"try it: beholder study rehearse {name} {name}-rehearsed, then: beholder study serve {name}")
    _tell_password(folder)


@study.command()
def password(name: Annotated[Path, typer.Argument(help="The study's folder.")]) -> None:
    """Draw a new password for the experimenter's page, and print it, this once.

    Who is logged in has to log in anew. The study keeps a hash, which the password cannot be told from.

    Exit code: 0 drawn; 2 bad usage, or nothing could be written.

    Example:
        beholder study password faces
    """
    require_study()
    from beholder.study.folder import StudyFolder

    _tell_password(StudyFolder(name))


@study.command()
def serve(
    name: Annotated[Path, typer.Argument(help="The study's folder.")],
    host: Annotated[
        str, typer.Option(help="Address to listen at; by default only this machine can come.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen at; 0 for any that is free.")] = 8000,
    database: Database = None,
    workers: Annotated[int, typer.Option(min=1, help="Processes that answer; several need PostgreSQL.")] = 1,
    behind_proxy: Annotated[
        bool,
        typer.Option(
            "--behind-proxy", help="Observers come by HTTPS, through a proxy on this machine (docs/study.md)."
        ),
    ] = False,
) -> None:
    """Serve a study to people's browsers, until Ctrl-C or SIGTERM.

    An answer is on the disk before it is acknowledged; a server that is killed loses none, and goes on where it was.

    Exit code: 0 stopped; 2 bad usage.

    Examples:
        beholder study serve faces --port 8080

        beholder study serve faces --behind-proxy --workers 4 --database postgresql+psycopg://me@/faces
    """
    require_study()
    from beholder import web
    from beholder.study.app import open_app
    from beholder.study.folder import StudyFolder
    from beholder.study.settings import ServerSettings

    folder = StudyFolder(name)
    opened = folder.open_database(database)
    if workers > 1 and opened.is_sqlite:
        raise UsageError(
            f"{name}: keeps its answers in SQLite, where one process writes at a time, so that {workers} would wait for each "
            "other; expected 1 worker, or a study made with --database postgresql+psycopg://…."
        )
    opened.close()
    make = functools.partial(open_app, folder, database, ServerSettings(https=behind_proxy))
    with web.open_port(host, port) as listener:
        place = f"[{host}]" if ":" in host else host
        say(f"{name} at http://{place}:{listener.getsockname()[1]}/; Ctrl-C stops")
        if workers > 1:
            web.serve_many(make, listener, _TIMEOUT, workers, behind_proxy=behind_proxy)
        else:
            web.serve(make(), listener, _TIMEOUT, behind_proxy=behind_proxy)


def _tell_password(folder: StudyFolder) -> None:
    drawn = folder.renew_password()
    say("the experimenter's page is /experimenter at the study's address; its password, told this once:")
    print_out(drawn)


def _decode(path: Path) -> Pixels:
    from beholder.images import eight_bit, read_picture

    return eight_bit(read_picture(path).pixels)


study.command()(analyse)
study.command()(export)
study.command()(codes)
study.command()(rehearse)
