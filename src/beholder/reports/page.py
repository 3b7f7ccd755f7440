"""What every page is: one HTML file, with its style, its script and its data inside, that opens offline."""

from __future__ import annotations

import base64
import hashlib
import json
import math
import tempfile
from collections.abc import Mapping
from datetime import datetime
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["json_for_script", "readable_date", "write_page"]

# Inside <script>, these could end the element or, to older parsers, the line; JSON has another spelling.
_UNSAFE_IN_SCRIPT = {ord(sign): f"\\u{ord(sign):04x}" for sign in "<>&\u2028\u2029"}


def write_page(
    path: Path, template: str, *, styles: Sequence[str], script: str, context: Mapping[str, Any]
) -> None:
    """Write a page.

    Args:
        path: The page to write, replaced whole or not at all; its folder is created where missing.
        template: What fills it, a file in ``templates``.
        styles: Style sheets there, one after the other; the template gets them as ``css`` and ``css_hash``.
        script: The script there; the template gets it as ``js`` and ``js_hash``.
        context: What else the template names. It escapes whatever is no ``Markup``.
    """
    environment = Environment(
        loader=PackageLoader("beholder.reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates = files("beholder.reports") / "templates"
    css = "\n".join((templates / name).read_text(encoding="utf-8") for name in styles)
    js = (templates / script).read_text(encoding="utf-8")
    page = environment.get_template(template).render(
        css=Markup(css),  # noqa: S704 - our own file
        css_hash=_csp_hash(css),
        js=Markup(js),  # noqa: S704 - our own file
        js_hash=_csp_hash(js),
        **context,
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".beholder-") as folder:
        unfinished = Path(folder) / path.name
        # A file name may hold what UTF-8 cannot; a page with a "?" is better than none.
        unfinished.write_bytes(page.encode("utf-8", errors="replace"))
        unfinished.replace(path)


def json_for_script(data: Any) -> Markup:
    """JSON that can stand inside a ``<script>`` element, whatever its strings hold."""
    text = json.dumps(_with_named_numbers(data), allow_nan=False, separators=(",", ":"))
    return Markup(text.translate(_UNSAFE_IN_SCRIPT))  # noqa: S704 - what could leave the element is escaped


def readable_date(created: str) -> str:
    """An ISO 8601 moment in words; anything else as it is."""
    try:
        moment = datetime.fromisoformat(created)
    except ValueError:
        return created
    zone = "" if moment.tzinfo is None else f" {moment.tzname()}"
    return f"{moment.day} {moment:%B %Y, %H:%M}{zone}"


def _with_named_numbers(data: Any) -> Any:
    # JSON knows no infinity; JavaScript's Number() reads these names back.
    if isinstance(data, float) and not math.isfinite(data):
        return "NaN" if math.isnan(data) else "Infinity" if data > 0 else "-Infinity"
    if isinstance(data, Mapping):
        return {key: _with_named_numbers(value) for key, value in data.items()}
    if isinstance(data, (list, tuple)):
        return [_with_named_numbers(value) for value in data]
    return data


def _csp_hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")
