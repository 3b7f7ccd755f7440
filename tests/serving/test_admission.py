"""No more in hand than may be."""

from __future__ import annotations

import pytest

from beholder.serving.admission import Admission
from beholder.serving.refusals import RefusedError


def test_requests_are_counted_until_they_are_done() -> None:
    admission = Admission(1, 100)
    with admission.admit(), pytest.raises(RefusedError) as told, admission.admit():
        pass
    assert told.value.status == 503
    assert told.value.headers == {"Retry-After": "1"}
    with admission.admit():
        assert admission.requests == 1
    assert admission.requests == 0


def test_memory_is_shared_and_given_back() -> None:
    admission = Admission(3, 100)
    with admission.admit() as first, admission.admit() as second:
        first.grow(60)
        second.grow(40)
        with pytest.raises(RefusedError, match="hold 100 bytes"):
            second.grow(1)
        first.release()
        second.grow(60)
        assert admission.memory == 100
    assert admission.memory == 0


def test_a_request_that_is_alone_may_hold_more() -> None:
    admission = Admission(3, 100)
    with admission.admit() as alone, admission.admit() as other:
        alone.grow(80)
        alone.grow(80)
        with pytest.raises(RefusedError):
            other.grow(1)
