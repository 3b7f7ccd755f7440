"""A simulated observer, who goes the whole way through a study by the server's own addresses."""

from __future__ import annotations

import dataclasses
import hashlib
import re
from typing import TYPE_CHECKING, Any, Protocol

from beholder.study.rehearsal.browser import TurnedAwayError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from beholder.study.rehearsal.browser import Browser

__all__ = ["Answer", "Answering", "Shown", "Visitor"]

_VERSION = re.compile(r'data-version="([^"]*)"')
_SCREEN = {
    "pixels_per_millimetre": 3.78,
    "device_pixel_ratio": 1.0,
    "zoom": 1.0,
    "width": 1920,
    "height": 1080,
    "refresh": 60.0,
    "plates": ["12", "8", "6", "45"],
    "plates_right": 4,
    "darkest": 8,
    "touch": False,
}
_ABOUT = {"age": "30-44", "gender": "", "eyesight": "good", "expert": "no"}
_REFRESH = 60.0
_GONE = 410


@dataclasses.dataclass(frozen=True, kw_only=True)
class Shown:
    """What an observer sees.

    Attributes:
        pictures: The SHA-256 of what was fetched, by ``reference``, ``0`` and ``1``; empty if nothing was.
        training: Whether it is a trial of training.
    """

    pictures: Mapping[str, str]
    training: bool


@dataclasses.dataclass(frozen=True, kw_only=True)
class Answer:
    """What an observer answers.

    Attributes:
        shown: ``left``, ``right``, ``tie``, ``same`` or ``different``.
        milliseconds: The time that is told; nobody waits.
    """

    shown: str
    milliseconds: float


class Answering(Protocol):
    """Somebody who answers."""

    def answer(self, shown: Shown) -> Answer:
        """Answer a trial."""
        ...


class Visitor:
    """A simulated observer.

    Args:
        browser: What they come with.
        mind: Answers for them.
        language: That they choose.
        looks: Whether pictures are fetched.
        trials: After how many trials they leave; all by default.

    Attributes:
        browser: What they came with.
        mind: What answered.
        acknowledged: Answers that the server said to have stored, by the trials' numbers, as they were seen.
        arrived: Whether they came to the thanks, once or more.
        refused: What was refused for good, in the server's words: answers, or all the rest of the study.
    """

    def __init__(
        self,
        browser: Browser,
        mind: Answering,
        *,
        language: str = "en",
        looks: bool = True,
        trials: int | None = None,
    ) -> None:
        self.browser, self.mind = browser, mind
        self._language, self._looks, self._most = language, looks, trials
        self._digests: dict[str, str] = {}
        self.acknowledged: dict[int, str] = {}
        self.arrived = False
        self.refused: list[str] = []

    def visit(self) -> None:
        """Go the whole way.

        Raises:
            LostError: If the server does not come back.
            TurnedAwayError: If it refuses what no observer's browser would be refused.
        """
        try:
            self._go_to_trials()
            while self._most is None or len(self.acknowledged) < self._most:
                if not self._go_on() and not self._begin_again():
                    return
        except TurnedAwayError as error:
            if error.status != _GONE:
                raise
            self.refused.append(str(error))
        finally:
            self.browser.close()

    def _go_to_trials(self) -> None:
        browser = self.browser
        browser.page()
        told = browser.post("api/begin", {"language": self._language})
        while (step := told["step"]) not in ("trials", "thanks"):
            page = browser.page()
            bodies: dict[str, dict[str, Any]] = {"about": {"about": _ABOUT}, "screen": {"screen": _SCREEN}}
            if step == "consent":
                found = _VERSION.search(page)
                bodies[step] = {"version": found[1] if found else ""}
            told = browser.post(f"api/steps/{step}", bodies.get(step))
        browser.page()

    def _begin_again(self) -> bool:
        """At the thanks, whether there is another session."""
        page = self.browser.page()
        self.arrived = 'id="done-code"' in page
        if 'data-post="api/again"' not in page:
            return False
        self.browser.post("api/again")
        return True

    def _go_on(self) -> bool:
        """Do what comes next; whether there was something."""
        found = self.browser.get("api/trial")
        if found["state"] == "step":
            return False
        if found["state"] == "rest":
            self.browser.post("api/rest")
            return True
        trial = found["trial"]
        ways = trial["pictures"]
        pictures = self._look_at(ways, found["coming"] or {}) if self._looks else {}
        answer = self.mind.answer(Shown(pictures=pictures, training=trial["training"]))
        timing = {"refresh": _REFRESH, "flips": [0.0], "dropped": 0, "scale": 2.0, "full_screen": True}
        body = {"token": trial["token"], "answer": answer.shown, "milliseconds": answer.milliseconds}
        try:
            self.browser.post("api/answers", body | {"timing": timing})
        except TurnedAwayError as error:  # as an outbox, which lets go what is refused for good
            self.refused.append(str(error))
        else:
            self.acknowledged[int(ways["0"].split("/")[1])] = answer.shown
        return True

    def _look_at(self, ways: Mapping[str, str], coming: Mapping[str, str]) -> dict[str, str]:
        """Digests of what is shown; what comes next is fetched meanwhile, as browsers do."""
        for way in [*ways.values(), *coming.values()]:
            if way not in self._digests:
                self._digests[way] = hashlib.sha256(self.browser.fetch(way)).hexdigest()
        kept = {*ways.values(), *coming.values()}
        self._digests = {way: digest for way, digest in self._digests.items() if way in kept}
        return {role: self._digests[way] for role, way in ways.items()}
