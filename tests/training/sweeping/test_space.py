"""What a sweep varies."""

from __future__ import annotations

import optuna
import pytest
import yaml

from beholder.spec import UsageError
from beholder.training.sweeping.space import Choice, Span, parse_span, spread


def test_ranges_and_choices() -> None:
    assert parse_span("a", "0:20") == Span(0, 20, is_log=False)
    assert parse_span("a", "1e-4:1e-2:log") == Span(1e-4, 1e-2, is_log=True)
    assert parse_span("a", "content:layers=relu2_2 | lpips_vgg") == Choice(
        ("content:layers=relu2_2", "lpips_vgg")
    )


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("20", "expected a range"),
        ("low:high", "expected a range"),
        ("20:0", "runs upwards; found 20 to 0"),
        ("0:nan", "runs upwards"),
        ("0:1:log", "cannot begin at 0"),
        ("1:2:linear", "found 'linear' behind the range"),
        ("l1|l1", "values that differ"),
        ("l1|", "values that differ"),
    ],
)
def test_what_is_no_range_is_refused(text: str, told: str) -> None:
    with pytest.raises(UsageError, match=told) as caught:
        parse_span("loss.weights.features", text)
    assert f"--over loss.weights.features={text}" in str(caught.value)


@pytest.mark.parametrize("text", ["1e-7:1e-5:log", "0:20", "0.000001:20000000:log"])
def test_values_are_numbers_to_yaml_too(text: str) -> None:
    span = parse_span("rate", text)
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    assert isinstance(span, Span)
    for _ in range(20):
        value = yaml.safe_load(span.suggest(study.ask(), "rate", whole=False))
        assert isinstance(value, float)
        assert span.low <= value <= span.high
    assert [yaml.safe_load(end) for end in span.examples] == [span.low, span.high]


def test_a_spread_covers_the_space_and_goes_on_where_it_ended() -> None:
    space = {"w": parse_span("w", "0.01:100:log"), "n": parse_span("n", "1:3"), "t": parse_span("t", "a|b")}
    whole = {"w": False, "n": True, "t": False}
    few, many = spread(space, whole, 8, 0), spread(space, whole, 16, 0)
    assert many[:8] == few
    assert spread(space, whole, 8, 1) != few
    # of 16, four in each quarter of the logarithmic range
    quarters = [sum(low <= row["w"] < 10 * low for row in many) for low in (0.01, 0.1, 1, 10)]
    assert quarters == [4, 4, 4, 4]
    assert {row["n"] for row in many} == {1, 2, 3}
    assert {row["t"] for row in many} == {"a", "b"}
