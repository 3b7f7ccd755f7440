"""Every code block of the readme and the guide is run, page by page, as a reader would who has some small pictures."""

from __future__ import annotations

import ast
import dataclasses
import re
import shlex
import shutil
import socket
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import typer
import yaml
from filelock import FileLock

from beholder.cli.app import app
from forking import ForkedCommands
from guide.blocks import Block, read_blocks
from guide.desk import lay_out, variables
from guide.shell import Shell, parse_call

ROOT = Path(__file__).parents[2]
PAGES = [
    page
    for page in (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md")))
    if "decisions" not in page.parts and read_blocks(page)
]
PORT = 8000  # of servers, where none is named


@pytest.fixture
def served(page: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The port of servers, for one page at a time."""
    if not re.search(r"beholder (study )?serve ", page.read_text(encoding="utf-8")):
        yield
        return
    with FileLock(tmp_path_factory.getbasetemp().parent / "port.lock"):
        with closing(socket.socket()) as tried:
            tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                tried.bind(("127.0.0.1", PORT))
            except OSError:
                pytest.skip(f"another program has port {PORT}")
        yield


# Of Lightning's, of WebDataset's, and of a machine with few cores.
@pytest.mark.filterwarnings(
    "ignore::ResourceWarning",
    "ignore:.*does not have many workers",
    "ignore:.*isinstance.treespec, LeafSpec.",
    "ignore:.*smaller than the logging interval",
    "ignore:.*in eval mode at the start of training",
    "ignore:.*`trainer.*overridden",
)
@pytest.mark.usefixtures("served")
@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_the_blocks_of_a_page_run(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, forked: ForkedCommands
) -> None:
    blocks = read_blocks(page)
    for program in ("bash", "curl"):
        if shutil.which(program) is None and any(
            program in block.code or program == "bash" for block in blocks
        ):
            pytest.skip(f"{program} is not on the PATH")
    monkeypatch.chdir(tmp_path)
    lay_out(tmp_path, page, "\n".join(block.code for block in blocks))
    for block in blocks:
        if block.language == "yaml":
            write_settings(block)
    shell = Shell(tmp_path, forked)
    known: dict[str, Any] = {"__name__": "__main__"}
    try:
        for block in blocks:
            if block.language == "sh":
                shell.run(block.code, endings=block.endings, read_only=bool(block.read_only))
            elif block.language == "python":
                run_python(page, block, known)
            else:
                assert block.language in ("yaml", "text", "nginx"), f"line {block.line}: {block.language}"
    finally:
        shell.close()


def write_settings(block: Block) -> None:
    """Put a block of YAML into the file that its first line names."""
    name = re.match(r"# ([\w-]+\.yaml)\n", block.code)
    assert name, f"line {block.line}: expected '# NAME.yaml' first"
    yaml.safe_load(block.code)
    Path(name[1]).write_text(block.code, encoding="utf-8")


def run_python(page: Path, block: Block, known: dict[str, Any]) -> None:
    """Run a block after those before it; its errors tell the page's line, and numbers in comments must be right."""
    lines = ["", *["\n"] * (block.line - 1), *block.code.splitlines()]
    tree = ast.parse("\n" * (block.line - 1) + block.code, page.name)
    if block.read_only:
        return
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    known |= variables(names - known.keys())
    for statement in tree.body:
        if not isinstance(statement, ast.Expr):
            exec(compile(ast.Module([statement], []), str(page), "exec"), known)
            continue
        value = eval(compile(ast.Expression(statement.value), str(page), "eval"), known)
        assert statement.end_lineno
        told = re.fullmatch(r".*  # ([-\d\[].*)", lines[statement.end_lineno])
        if told:
            check_told(told[1], list(flatten(value)))


def check_told(comment: str, values: list[float]) -> None:
    """Each number of a comment that begins with one is among the values, as far as it is written."""
    whole = re.match(r"\d+(?= |$)", comment)
    written = [whole[0]] if whole else re.findall(r"-?\d+\.\d+", comment)
    assert written, comment
    for number in written:
        digits = len(number.partition(".")[2])
        assert any(f"{value:.{digits}f}" == number for value in values), f"{comment}: found {values}"


def flatten(value: Any) -> Iterator[float]:
    """The numbers that a value holds."""
    if dataclasses.is_dataclass(value):
        value = [getattr(value, field.name) for field in dataclasses.fields(value)]
    if isinstance(value, (int, float, np.number)):
        yield float(value)
    elif isinstance(value, Iterable) and not isinstance(value, str):
        for each in value:
            yield from flatten(each)


def test_the_chinese_readme_has_blocks_of_the_other() -> None:
    chinese, english = (read_blocks(ROOT / name) for name in ("README.zh.md", "README.md"))
    assert len(chinese) >= 5
    run = {line for block in english for line in without_comments(block)}
    for line in (line for block in chinese for line in without_comments(block)):
        assert line in run or line.startswith(("make ", "pip ", "beholder doctor")), line


def without_comments(block: Block) -> Iterator[str]:
    """What a block says to the machine, by lines."""
    for line in block.code.splitlines():
        yield line.partition("  #")[0].rstrip()


def examples(command: Any, words: tuple[str, ...] = ()) -> Iterator[tuple[str, str]]:
    """Calls of `beholder` in the help of a command and of those below it."""
    for line in re.findall(r"^ +(beholder .*)$", command.help or "", re.MULTILINE):
        yield " ".join(words), line
    for name, inner in getattr(command, "commands", {}).items():
        yield from examples(inner, (*words, name))


def test_the_examples_of_every_help_are_understood() -> None:
    found = list(examples(typer.main.get_command(app)))
    assert len({command for command, _ in found}) > 30
    wrong = []
    for command, line in found:
        words = shlex.split(re.split(r" && | > ", line)[0], comments=True)
        try:
            parse_call(words[1:])
        except ValueError as error:
            wrong.append(f"{command}: {line}: {error}")
    assert not wrong, "\n".join(wrong)
