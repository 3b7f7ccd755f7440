"""The application keeps to what it says of itself, whatever it is asked."""

from __future__ import annotations

import pytest
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, given, settings
from schemathesis import Case, GenerationMode
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance

# Sound forms need not hold pictures, and a list without members, where a text should be, is sent as no field at all.
LEFT_OUT = [positive_data_acceptance, negative_data_rejection]


@pytest.mark.parametrize(
    "mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=lambda mode: mode.value
)
def test_forms_are_answered_as_described(app: FastAPI, mode: GenerationMode) -> None:
    schema = schemathesis.openapi.from_asgi("/openapi.json", app)
    statuses = set()

    @settings(
        max_examples=25,
        derandomize=True,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=schema["/score"]["POST"].as_strategy(generation_mode=mode))
    def check(case: Case) -> None:
        statuses.add(case.call_and_validate(excluded_checks=LEFT_OUT).status_code)

    check()
    assert statuses <= {200, 400, 403, 405, 413, 415, 422}
    assert mode is GenerationMode.NEGATIVE or len(statuses) > 1


@pytest.mark.parametrize("path", ["/health", "/metrics"])
def test_the_rest_is_answered_as_described(app: FastAPI, path: str) -> None:
    schema = schemathesis.openapi.from_asgi("/openapi.json", app)

    @settings(max_examples=5, derandomize=True, deadline=None, database=None)
    @given(case=schema[path]["GET"].as_strategy())
    def check(case: Case) -> None:
        assert case.call_and_validate().status_code == 200

    check()
