"""Every address keeps to what `/openapi.json` says of it, whatever it is sent, and whoever asks."""

from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("schemathesis", reason="requests made from schemas are the package schemathesis")

import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import Case, GenerationMode
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance

from beholder.study.settings import ServerSettings
from study.conftest import MakeStudy, OpenStudy, Sitting

# A sound answer may be another trial's, and numbers are read from texts, too.
LEFT_OUT = [positive_data_acceptance, negative_data_rejection]
EXAMPLES = 8
PATIENT = ServerSettings(begins_a_minute=10**6, tries=10**6)


def statuses(operation: APIOperation, mode: GenerationMode, sitting: Sitting, carried: Any) -> set[int]:
    """Ask an address for this and that, and hold each answer against the schema."""
    seen = set()

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def check(case: Case) -> None:
        aim(case, sitting)
        seen.add(case.call_and_validate(excluded_checks=LEFT_OUT, **carried).status_code)

    check()
    return seen


def aim(case: Case, sitting: Sitting) -> None:
    """Have it speak of what there is, such as the trial that is shown now, so that it gets past the first guard."""
    if isinstance(case.body, dict) and "language" in case.body:
        case.body["language"] = "en"
    if "step" in case.path_parameters:
        case.path_parameters["step"] = "instructions"
    answers, pictures = isinstance(case.body, dict) and "token" in case.body, "trial" in case.path_parameters
    if not (answers or pictures):
        return
    found = sitting.client.get("/api/trial").json()
    if found.get("state") == "trial" and answers:
        case.body["token"] = found["trial"]["token"]
    if found.get("state") == "trial" and pictures:
        case.path_parameters["trial"] = int(found["trial"]["pictures"]["0"].split("/")[1])


@pytest.mark.parametrize("who", ["stranger", "observer"])
@pytest.mark.parametrize(
    "mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=lambda mode: mode.value
)
def test_every_address_keeps_to_its_schema(
    make_study: MakeStudy, open_study: OpenStudy, mode: GenerationMode, who: str
) -> None:
    seat, _ = open_study(make_study(session={"trials": 12, "breaks": {"every": 0}}, ties=True), PATIENT)
    sitting, carried = seat(), {}
    if who == "observer":
        sitting.go_to_trials()
        carried = {"headers": {"X-CSRF-Token": sitting.csrf}, "cookies": dict(sitting.client.cookies)}
    schema = schemathesis.openapi.from_asgi("/openapi.json", sitting.client.app)
    seen: dict[str, set[int]] = {}
    for found in schema.get_all_operations():
        operation = found.ok()
        if mode is GenerationMode.POSITIVE or operation.body or list(operation.iter_parameters()):
            seen[operation.label] = statuses(operation, mode, sitting, carried)
    assert all(status < 500 for each in seen.values() for status in each), seen
    if mode is GenerationMode.POSITIVE:
        assert seen["GET /health"] == seen["POST /api/begin"] == {200}
        for guarded in ("POST /api/answers", "POST /api/steps/{step}", "GET /pictures/{trial}/{role}"):
            assert (200 in seen[guarded]) == (who == "observer"), guarded
