"""Many simulated observers at once at `beholder study serve`, as a user starts it, and what of their answers is stored.

Each goes the whole way by HTTP, answers at once, and sends again what nothing came back for, as browsers do. With ``--kills`` the
server, all its processes, is killed (SIGKILL) as shares of the answers are acknowledged, and started again. Checked are: each
acknowledged answer is stored, once, as it was given, and no other; votes of any two stimuli differ by at most one, and open
leases; half of each session shows one side first. Latencies are an observer's, with all others at it; a kill's are in them.

Usage: python benchmarks/study_load.py [--observers N] [--trials N] [--votes N] [--kills N] [--pause SECONDS]
       [--on sqlite,postgresql,postgresql:2]
PostgreSQL is one of its own, from the initdb of this machine; ``postgresql:2`` has two workers.
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import dataclasses
import itertools
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
from PIL import Image
from sqlalchemy import Integer, func, select

from beholder.study.creating import create_study
from beholder.study.design import Design
from beholder.study.folder import StudyFolder
from beholder.study.models import Response, Session, Stimulus, Trial
from beholder.study.rehearsal import Answer, Browser, Shown, Visitor, send_crowd

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from private_postgresql import new_database, private_postgresql

HEADER = (
    "| answers go to | workers | observers | answers | answers/s | answer, ms: median, 99 % | trial, ms: median, 99 % "
    "| kills | sent again | lost | wrong or more | votes differ by |"
)


@dataclasses.dataclass
class Load:
    """What came of it."""

    answers: int = 0
    seconds: float = 0.0
    again: int = 0
    took: dict[str, list[float]] = dataclasses.field(default_factory=lambda: collections.defaultdict(list))
    kills: int = 0
    lost: int = 0
    wrong: int = 0
    votes: tuple[int, int] = (0, 0)
    uneven_sides: int = 0
    refused: list[str] = dataclasses.field(default_factory=list)

    def holds(self) -> bool:
        """Whether all is as it should be, where every observer came to the end."""
        return not (self.lost or self.wrong or self.uneven_sides or self.refused) and np.ptp(self.votes) <= 1

    def milliseconds(self, way: str) -> str:
        """Median and 99th percentile."""
        return ", ".join(f"{1000 * found:.1f}" for found in np.quantile(self.took[way], [0.5, 0.99]))


class Coin:
    """Answers by chance, after a pause."""

    def __init__(self, seed: int, pause: float) -> None:
        self._draw, self._pause = random.Random(seed), pause

    def answer(self, _: Shown) -> Answer:
        """Answer a trial."""
        if self._pause:
            time.sleep(self._draw.expovariate(1 / self._pause))
        return Answer(shown=self._draw.choice(("left", "right")), milliseconds=900.0)


def make_study(root: Path, stimuli: int, trials: int, votes: int, address: str | None) -> StudyFolder:
    """A study of small triplets; those of every stimulus are their own."""
    for part, level in (("ref", 0), ("p0", 1), ("p1", 2)):
        (root / "bapps" / "val" / "x" / part).mkdir(parents=True)
        for row in range(stimuli):
            picture = Image.new("RGB", (16, 16), (row % 256, row // 256, 10 * level))
            picture.save(root / "bapps" / "val" / "x" / part / f"{row:06d}.png")
    design = Design.model_validate(
        {
            "title": "Load",
            "kind": "2afc",
            "stimuli": {"bapps": root / "bapps"},
            "votes": votes,
            "session": {"trials": trials, "breaks": {"every": 50, "seconds": 0}},
            "catch": {"identical": 0, "noise": 0},
            "training": {"trials": 0},
            "retention": "2100-01-01",
        }
    )
    return create_study(design, root / "study", lambda path: np.asarray(Image.open(path)), database=address)


class Server:
    """`beholder study serve`, killed and started again at the same port."""

    def __init__(self, folder: StudyFolder, address: str | None, workers: int, port: int) -> None:
        main = "from beholder.cli import main; main()"
        self._command = [sys.executable, "-c", main, "study", "serve", str(folder.path), "--port", str(port)]
        # By a proxy they come from addresses of their own, of each of which only some may begin in a minute.
        self._command += ["--behind-proxy", "--workers", str(workers)]
        self._command += [] if address is None else ["--database", address]
        self.port = port
        self.start()

    def start(self) -> None:
        """Start it, and wait until it answers."""
        deadline = time.monotonic() + 60
        while True:
            self._process = subprocess.Popen(self._command, stderr=subprocess.DEVNULL, start_new_session=True)
            while self._process.poll() is None:
                with contextlib.suppress(OSError):
                    urllib.request.urlopen(f"http://127.0.0.1:{self.port}/health", timeout=10).close()
                    return
                time.sleep(0.02)
            if time.monotonic() > deadline:
                sys.exit(f"the server ends at once, with {self._process.returncode}")

    def kill(self) -> None:
        """Kill it, all its processes."""
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def stop(self) -> None:
        """Stop it as Ctrl-C does."""
        self._process.terminate()
        self._process.wait()


@contextlib.contextmanager
def killing(server: Server, acknowledged: Callable[[], int], whole: int, kills: int) -> Iterator[list[int]]:
    """Kill the server as the answers grow, evenly; the answers at each kill."""
    done, over = [], threading.Event()

    def run() -> None:
        for number in range(1, kills + 1):
            while acknowledged() < number * whole / (kills + 1):
                if over.wait(0.002):
                    return
            done.append(acknowledged())
            server.kill()
            server.start()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield done
    finally:
        over.set()
        thread.join()


def put_under_load(
    folder: StudyFolder,
    address: str | None,
    observers: int,
    *,
    workers: int = 1,
    kills: int = 0,
    pause: float = 0.0,
) -> Load:
    """Send observers, all at once, and look what is stored."""
    load, counter = Load(), itertools.count(1)
    counted = 0

    def watch(way: str, seconds: float) -> None:
        nonlocal counted
        load.took[way].append(seconds)
        if way == "api/answers":
            counted = next(counter)

    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    server = Server(folder, address, workers, port)
    try:
        visitors = [
            Visitor(
                Browser("127.0.0.1", port, patience=120, address=f"10.0.{n // 250}.{n % 250}", watch=watch),
                Coin(n, pause),
                looks=False,
            )
            for n in range(observers)
        ]
        started = time.perf_counter()
        whole = observers * folder.design.session.trials
        with killing(server, lambda: counted, whole, kills) as killed:
            send_crowd(visitors, observers)
        load.seconds = time.perf_counter() - started
    finally:
        server.stop()
    load.kills, load.again = len(killed), sum(visitor.browser.again for visitor in visitors)
    compare(folder, address, visitors, load)
    return load


def compare(folder: StudyFolder, address: str | None, visitors: Sequence[Visitor], load: Load) -> None:
    """Hold what was acknowledged against what is stored."""
    load.refused = [text for visitor in visitors for text in visitor.refused]
    load.refused += ["came not to the end"] * sum(not visitor.arrived for visitor in visitors)
    given = {trial: shown for visitor in visitors for trial, shown in visitor.acknowledged.items()}
    load.answers = len(given)
    database = folder.open_database(address)
    with database.reading() as transaction:
        query = select(Response.trial_id, Response.answer, Trial.swapped).join(Trial)
        stored = {trial: (answer, swapped) for trial, answer, swapped in transaction.execute(query)}
        rows = transaction.scalar(select(func.count()).select_from(Response)) or 0
        votes = dict.fromkeys(transaction.scalars(select(Stimulus.id).where(Stimulus.purpose == "judged")), 0)
        answered = select(Trial.stimulus_id, func.count()).where(Trial.state == "answered")
        for stimulus, count in transaction.execute(answered.group_by(Trial.stimulus_id)):
            votes[stimulus] = count
        sides = transaction.execute(
            select(func.count(), func.sum(Trial.swapped.cast(Integer))).join(Session).group_by(Session.id)
        ).all()
    database.close()
    right = {
        trial: f"p{int((shown == 'right') != stored[trial][1])}"
        for trial, shown in given.items()
        if trial in stored
    }
    load.lost = len(given) - len(right)
    load.wrong = sum(stored[trial][0] != answer for trial, answer in right.items())
    load.wrong += rows - len(right)
    load.votes = min(votes.values()), max(votes.values())
    load.uneven_sides = sum(abs(2 * swapped - count) > 1 for count, swapped in sides)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--observers", type=int, default=200)
    parser.add_argument("--trials", type=int, default=100)
    parser.add_argument("--votes", type=int, default=50)
    parser.add_argument("--kills", type=int, default=0)
    parser.add_argument("--pause", type=float, default=0.0, help="mean seconds before an answer")
    parser.add_argument("--on", default="sqlite,postgresql,postgresql:2")
    told = parser.parse_args()
    stimuli = told.observers * told.trials // told.votes
    print(HEADER)
    print("|" + " --- |" * (HEADER.count("|") - 1))
    failed = False
    with contextlib.ExitStack() as stack:
        sockets = stack.enter_context(private_postgresql()) if "postgresql" in told.on else None
        for number, wish in enumerate(told.on.split(",")):
            kind, _, workers = wish.partition(":")
            address = None if kind == "sqlite" or sockets is None else new_database(sockets, f"load{number}")
            root = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            folder = make_study(root, stimuli, told.trials, told.votes, address)
            load = put_under_load(
                folder,
                address,
                told.observers,
                workers=int(workers or 1),
                kills=told.kills,
                pause=told.pause,
            )
            print(
                f"| {kind} | {workers or 1} | {told.observers} | {load.answers} | {load.answers / load.seconds:.0f} "
                f"| {load.milliseconds('api/answers')} | {load.milliseconds('api/trial')} | {load.kills} | {load.again} "
                f"| {load.lost} | {load.wrong} | {np.ptp(load.votes)} |",
                flush=True,
            )
            for text in load.refused[:5]:
                print(text, file=sys.stderr)
            failed |= not load.holds() or load.kills < told.kills
    sys.exit("something does not hold" if failed else None)


if __name__ == "__main__":
    main()
