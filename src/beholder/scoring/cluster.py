"""Scoring on Ray: the same pairs, batches and rows, computed on any number of machines."""

from __future__ import annotations

import contextlib
import logging
import os
import re
import shutil
import warnings
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from beholder.scoring.cluster_plan import LISTING, run_plan, run_remotely
from beholder.scoring.cluster_work import Order
from beholder.scoring.memory import available_memory
from beholder.spec import BeholderError, ClusterError, MissingPackageError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from beholder.images import Pairs
    from beholder.scoring.pairs import ScoredPair
    from beholder.scoring.scorer import Scorer

__all__ = ["Cluster"]

# A worker has a few cores, since a large picture takes them all and much memory, and each machine has two workers or
# more, since one alone would stand still while it waits.
_MOST_CORES = 4
_STORE = 2_000_000_000  # bytes of decoded pictures between the processes of this machine
_LEAST_STORE = 100_000_000  # Ray takes no less
_SHARED = Path("/dev/shm")  # noqa: S108  # where Ray puts them on Linux


class Cluster:
    """Machines that score, by way of Ray; a context manager: they are joined where it is entered.

    Args:
        address: ``"local"`` starts Ray on this machine, ``"auto"`` joins the cluster that this machine belongs to, and
            ``"ray://HOST:PORT"`` one elsewhere.
        tell: Called with what the user should know.

    Attributes:
        address: The address.
        workers: How many processes score.
        cores: How many cores each has.

    Raises:
        UsageError: If the address is none of these.
        MissingPackageError: If Ray is not installed.
    """

    def __init__(self, address: str, tell: Callable[[str], object]) -> None:
        if address not in ("local", "auto") and not re.fullmatch(r"ray://[^/]+:\d+", address):
            raise UsageError(f"cluster is {address!r}; expected local, auto, or ray://HOST:PORT.")
        if find_spec("ray") is None or find_spec("pyarrow") is None:
            raise MissingPackageError(
                "--cluster needs Ray, which is not installed: pip install 'beholder[cluster]'."
            )
        self.address = address
        self._tell = tell
        self.workers = self.cores = self._neighbours = 0

    def __enter__(self) -> Self:
        """Join the cluster, and see how large it is.

        Raises:
            ClusterError: If none answers, or it has no processor.
        """
        _quieten()
        import ray

        told: dict[str, Any] = {
            "address": self.address,
            "logging_level": logging.CRITICAL,
            "log_to_driver": False,
        }
        if self.address == "local":
            told |= {"include_dashboard": False, "object_store_memory": self._find_room()}
        try:
            with _silence():
                ray.init(**told)
        except (OSError, RuntimeError, ValueError) as error:
            raise ClusterError(
                f"--cluster {self.address}: no cluster answers ({_reason(error)}); start one with `ray start --head`, "
                "or take --cluster local."
            ) from error
        try:
            self._look()
        except BaseException:
            ray.shutdown()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        """Leave it; what was started here ends."""
        import ray

        ray.shutdown()

    def provenance(self) -> dict[str, Any]:
        """What a result tells of it."""
        return {"threads": self.cores, "cluster": self.address, "workers": self.workers}

    def stream(
        self, scorer: Scorer, pairs: Pairs, done: int, *, metrics: Sequence[str], maps: bool
    ) -> Iterator[ScoredPair]:
        """Score pairs as `Scorer.stream_planned` does, in the plan's order; neither pictures nor names heap up.

        Args:
            scorer: A scorer as each worker makes one.
            pairs: The pairs of the run.
            done: How many turns of the plan are done.
            metrics: Names of the scorer's metrics.
            maps: Whether to compute maps.

        Raises:
            ClusterError: If a worker would score otherwise, lacks weights or packages, or if no worker is left.
        """
        import ray

        order = Order(
            metrics=list(metrics),
            settings=scorer.settings,
            maps=maps,
            run=scorer.provenance(),
            folder=Path.cwd(),
            cores=self.cores,
            neighbours=self._neighbours,
        )
        work = run_remotely if self.address.startswith("ray://") else run_plan
        with _silence_data():
            try:
                for told in work(order, pairs, done, workers=self.workers, here=self._here):
                    if isinstance(told, BeholderError):
                        raise told
                    if not isinstance(told, bool):
                        yield from told
                    elif told:
                        self._tell("workers died; what they had was done again")
            except ray.exceptions.RayTaskError as error:  # a bug; the error holds the worker's traceback
                raise RuntimeError(f"a worker failed: {str(error).strip().splitlines()[-1]}") from error
            except ray.exceptions.RayError as error:
                raise ClusterError(f"--cluster {self.address}: {_reason(error)}") from error
            finally:
                ray.shutdown()

    def _look(self) -> None:
        """Count the workers that the machines have room for."""
        import ray

        machines = [node for node in ray.nodes() if node["Alive"] and node["Resources"].get("CPU")]
        if not machines:
            raise ClusterError(
                f"--cluster {self.address}: it has no processors; give it some with `ray start`."
            )
        cores = [int(node["Resources"]["CPU"]) for node in machines]
        self.cores = max(1, min(_MOST_CORES, min(cores) // 2))
        self._neighbours = max(1, max(cores) // self.cores)
        self.workers = sum(max(1, count // self.cores) for count in cores)
        # A list of pairs may lie on this machine alone.
        own = f"node:{ray.util.get_node_ip_address()}"
        self._here = {own: LISTING} if any(own in node["Resources"] for node in machines) else None

    def _find_room(self) -> int:
        """Bytes that the processes of this machine may share."""
        spare = available_memory()
        wanted = _STORE if spare is None else min(_STORE, spare // 4)
        if not _SHARED.is_dir():
            return max(_LEAST_STORE, wanted)
        there = shutil.disk_usage(_SHARED).free * 9 // 10
        if there < _LEAST_STORE:
            self._tell(
                f"{_SHARED} has room for {there // 10**6} MB; with less than {_LEAST_STORE // 10**6} MB pictures go through "
                "files, which is slower. In Docker, --shm-size makes it larger."
            )
        return max(_LEAST_STORE, min(wanted, there))


def _quieten() -> None:
    """Let Ray say nothing of itself, to nobody; what it logs in its own folder stays."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")


@contextlib.contextmanager
def _silence_data() -> Iterator[None]:
    """Keep off what Ray tells of workers that die, on standard output, where results go, and of short plans."""
    with (
        Path(os.devnull).open("w") as nothing,
        contextlib.redirect_stdout(nothing),
        warnings.catch_warnings(),
    ):
        warnings.filterwarnings("ignore", module=r"ray\.")
        yield


@contextlib.contextmanager
def _silence() -> Iterator[None]:
    """Keep standard error from lines that compiled code writes there whatever it is told."""
    kept, nothing = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nothing, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nothing)


def _reason(error: BaseException) -> str:
    """What went wrong, in a line; Ray tells it best in the error that led to this one."""
    told = str(error.__cause__ or "").strip() or str(error).strip() or type(error).__name__
    return told.splitlines()[-1 if "Traceback" in told else 0].strip()
