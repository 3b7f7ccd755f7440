"""Names and options, as users write them."""

from __future__ import annotations

import pytest

from beholder.catalog import (
    METRICS,
    create_metric,
    describe_metric,
    list_options,
    parse_request,
    split_requests,
)
from beholder.spec import UsageError


@pytest.mark.parametrize(
    ("written", "value"),
    [
        (r"/a\,b\:c.pth", "/a,b:c.pth"),
        (r"C\:\weights\x.pth", r"C:\weights\x.pth"),
        (r"\\\\server\\", "\\\\server\\"),
        ("4", 4),
        ("1e-3", 0.001),
        ("True", True),
    ],
)
def test_any_value_can_be_written(written: str, value: object) -> None:
    requests = split_requests(rf"lpips_vgg:trunk={written}:lin=false, ssim,")
    assert requests[1:] == ["ssim"]
    assert parse_request(requests[0]) == ("lpips_vgg", {"trunk": value, "lin": False})


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        ("psnr_y:border=4:border=5", "'border' is named twice"),
        ("psnr:/a:b", r"'/a' is no option; expected KEY=VALUE, .* A colon in a value is written \\:"),
        ("SSIM", "Did you mean ssim"),
        ("LPIPS_VGG", "Did you mean lpips_vgg"),
        (None, "the metric is None; expected its name"),
        (4, "the metric is 4; expected its name"),
    ],
)
def test_what_is_no_request_is_refused(request_: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        create_metric(request_)


def test_an_option_in_the_request_and_beside_it_is_refused() -> None:
    with pytest.raises(UsageError, match="'border' is given twice"):
        create_metric("psnr:border=4", border=5)


@pytest.mark.parametrize("name", METRICS)
def test_the_listed_options_are_all_that_a_metric_takes(name: str) -> None:
    defaults = list_options(name)
    assert describe_metric(name, **defaults) == describe_metric(name)
    assert not set(defaults) & set(METRICS[name].options)


def test_the_options_of_a_name() -> None:
    assert list_options("psnr") == {"channel": "rgb", "border": 0}
    assert list_options("psnr_y") == {"border": 0}
    with pytest.raises(UsageError, match="Did you mean psnr"):
        list_options("psnrr")
