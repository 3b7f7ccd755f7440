"""Commands that a page names lead to their own pages: `beholder score` in the text, but not in headings or other links."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mkdocs.structure.files import Files
    from mkdocs.structure.pages import Page

__all__ = ["on_page_content"]

_NAMED = re.compile(
    r"<(?P<whole>a|pre|h[1-6])\b.*?</(?P=whole)>|<code>beholder (?P<words>[a-z][a-z -]*)</code>", re.DOTALL
)


def on_page_content(content: str, *, page: Page, files: Files, **_: Any) -> str:
    """Make links of the commands that a page names."""

    def link(found: re.Match[str]) -> str:
        words = found["words"]
        target = files.get_file_from_path(f"commands/{words.replace(' ', '-')}.md") if words else None
        if target is None or target is page.file:
            return found[0]
        return f'<a href="{target.url_relative_to(page.file)}">{found[0]}</a>'

    return _NAMED.sub(link, content)
