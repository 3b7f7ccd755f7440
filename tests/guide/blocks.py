"""The code blocks of a page, and what comments of the page say of them.

A comment stands right before its block, and is not seen on the page:

``<!-- with: beholder train ... steps=2 -->``
    Calls in the next block that begin with these words end with those after the dots. One comment a kind of call.
``<!-- read only: WHY -->``
    The next block's calls of `beholder` are parsed, no more; of Python the syntax is checked.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["Block", "read_blocks"]

_BLOCK = re.compile(
    r"(?P<comments>(?:^<!--.*?-->\n+)*)^(?P<indent> *)```(?P<language>\w*)[^\n]*\n(?P<code>.*?)^(?P=indent)```$",
    re.DOTALL | re.MULTILINE,
)
_COMMENT = re.compile(r"<!-- (with|read only): (.*?) -->", re.DOTALL)


@dataclass(frozen=True)
class Block:
    """A code block.

    Attributes:
        line: Number of its first line of code on the page.
        language: As the page says.
        code: Its text.
        endings: What calls are to end with, by the words that they begin with.
        read_only: Why it is not run; empty if it is.
    """

    line: int
    language: str
    code: str
    endings: dict[str, str] = field(default_factory=dict)
    read_only: str = ""


def read_blocks(page: Path) -> list[Block]:
    """The blocks of a page of Markdown, in order.

    Raises:
        ValueError: If a block has no language, or a comment before it is not understood.
    """
    text = page.read_text(encoding="utf-8")
    blocks = []
    for found in _BLOCK.finditer(text):
        line = text.count("\n", 0, found.start("code")) + 1
        if not found["language"]:
            raise ValueError(f"{page.name}:{line - 1}: the block has no language")
        endings, read_only = {}, ""
        for comment in re.findall(r"<!--.*?-->", found["comments"], re.DOTALL):
            told = _COMMENT.fullmatch(comment)
            if told is None:
                raise ValueError(f"{page.name}:{line - 1}: found {comment}, expected with: or read only:")
            if told[1] == "with":
                begin, dots, end = told[2].partition(" ... ")
                if not dots:
                    raise ValueError(f"{page.name}:{line - 1}: found {comment}, expected BEGIN ... END")
                endings[begin] = end
            else:
                read_only = told[2]
        code = re.sub(rf"^{found['indent']}", "", found["code"], flags=re.MULTILINE)
        blocks.append(Block(line, found["language"], code, endings, read_only))
    return blocks
