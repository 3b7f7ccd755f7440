"""Hooks of the guide: its navigation, and the pages that are made from the program itself."""

from __future__ import annotations

import ast
import html
import inspect
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import typer
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

from beholder.catalog import DISCRIMINATORS, LOSSES, METRICS, NETWORKS, NO_REFERENCE_METRICS
from beholder.cli.app import app

ROOMS = {  # what each offers to programs
    "beholder": "Everything at the top",
    "beholder.spec": "What a metric is, and the errors",
    "beholder.catalog": "Names and options",
    "beholder.images": "Pictures",
    "beholder.backbones": "Pretrained networks by layer",
    "beholder.metrics": "Metrics",
    "beholder.losses": "Losses",
    "beholder.networks": "Networks",
    "beholder.scoring": "Scoring",
    "beholder.training": "Training",
    "beholder.adapters": "Other libraries",
    "beholder.judgements": "What people said",
    "beholder.calibration": "Metrics and people",
    "beholder.reports": "Tables and pages",
}
ROOT = Path(__file__).parents[2]
CATALOGUED = ("beholder.metrics", "beholder.losses")  # rooms with a module for each name of the catalogue
ABOUT = {  # the page that tells more about a command
    "agree": "agreement.md",
    "blend": "blend.md",
    "calibrate": "calibration.md",
    "compare": "compare.md",
    "data": "judgements.md",
    "degrade": "data.md",
    "demo": "start.md",
    "distort": "distortions.md",
    "doctor": "doctor.md",
    "losses": "losses/README.md",
    "metrics": "which_metric.md",
    "models": "restoring.md",
    "networks": "networks.md",
    "recipes": "training.md",
    "restore": "restoring.md",
    "score": "scoring.md",
    "serve": "serving.md",
    "study": "study.md",
    "stylise": "stylise.md",
    "sweep": "sweep.md",
    "train": "training.md",
    "weights": "install.md",
}
SECTIONS: dict[str, list[str]] = {
    "Start": [
        "index.md",
        "start.md",
        "tour.md",
        "install.md",
        "doctor.md",
        "which_metric.md",
        "which_loss.md",
        "photos.md",
    ],
    "Score": ["scoring.md", "compare.md", "video.md", "engines.md", "cluster.md", "serving.md", "readers.md"],
    "Train": [
        *("training.md", "data.md", "sweep.md", "blend.md", "restoring.md", "stylise.md"),
        *("deblocking.md", "super-resolution.md", "jitter.md"),
    ],
    "Ask": ["study.md", "distortions.md"],
    "Check": ["agreement.md", "calibration.md", "judgements.md", "accuracy.md"],
    "Fit in": ["lightning.md", "other_libraries.md"],
    "Metrics": ["metrics/*.md"],
    "Losses": ["losses/README.md", "losses/*.md"],
    "Networks": ["networks.md", "networks/*.md"],
    "Commands": ["commands/index.md", "commands/*.md"],
    "Experiments": ["experiments/index.md", "experiments/README.md", "experiments/*.md"],
    "Gallery": ["gallery/README.md"],
    "Reference": ["reference/*.md"],
    "Decisions": ["decisions/*.md"],
}


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that are made, and put every page where a newcomer looks for it."""
    made = {**commands(), **networks(), **reference()}
    for path, text in made.items():
        files.append(File.generated(config, path, content=text))
    there = sorted(
        (file.src_uri for file in files.documentation_pages()), key=lambda path: path.removesuffix(".md")
    )
    nav = {
        title: [path for pattern in patterns for path in there if _matches(path, pattern)]
        for title, patterns in SECTIONS.items()
    }
    config.nav = [{title: list(dict.fromkeys(paths))} for title, paths in nav.items() if paths]
    return files


def _matches(path: str, pattern: str) -> bool:
    return path.count("/") == pattern.count("/") and Path(path).match(pattern)


def commands() -> dict[str, str]:
    """A page for each command and group of commands, made of its own help, and one that lists them all."""
    root = typer.main.get_command(app)
    context = root.context_class(root, info_name="beholder")
    found = list(_walk([], root, context))
    pages = {
        f"commands/{'-'.join(words)}.md": _command_page(words, command, context) for words, command in found
    }
    return {"commands/index.md": f"# Commands\n\nAs `--help` tells them.\n\n{_listing(found)}\n", **pages}


def _walk(words: list[str], group: Any, context: Any) -> Iterator[tuple[list[str], Any]]:
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        yield [*words, name], command
        if hasattr(command, "list_commands"):
            yield from _walk([*words, name], command, context)


def _listing(commands: Iterable[tuple[list[str], Any]]) -> str:
    rows = [
        f"| [`beholder {' '.join(words)}`]({'-'.join(words)}.md) | {_first_sentence(command.help or '')} |"
        for words, command in commands
    ]
    return "\n".join(["| command | what it does |", "| --- | --- |", *rows])


def _first_sentence(text: str) -> str:
    return inspect.cleandoc(text).split("\n\n")[0].replace("\n", " ")


def _command_page(words: list[str], command: Any, context: Any) -> str:
    inner = command.context_class(command, info_name=" ".join(words), parent=context)
    usage = " ".join(command.collect_usage_pieces(inner))
    told, examples = _help(command.help or "")
    parts = [f"# beholder {' '.join(words)}", *told, f"```text\nbeholder {' '.join(words)} {usage}\n```"]
    page = ABOUT.get(words[0])
    if page and (ROOT / "docs" / page).is_file():
        parts.append(f"More about it: [{_title(page)}](../{page}).")
    if examples:
        parts.append(f"## Examples\n\n```sh\n{examples}\n```")
    parameters = [each for each in command.params if each.name != "help"]
    for title, kind in (("Arguments", "argument"), ("Options", "option")):
        if found := [each for each in parameters if each.param_type_name == kind]:
            rows = "\n".join(_parameter(each, inner) for each in found)
            parts.append(f"## {title}\n\n| {kind} | what it says |\n| --- | --- |\n{rows}")
    if hasattr(command, "list_commands"):
        parts.append(f"## Commands\n\n{_listing(_walk(words, command, inner))}")
    return "\n\n".join(parts) + "\n"


def _title(page: str) -> str:
    return (ROOT / "docs" / page).read_text(encoding="utf-8").partition("\n")[0].removeprefix("# ")


def _help(text: str) -> tuple[list[str], str]:
    """Paragraphs of a help text, and the commands that stand below ``Examples:``."""
    words, _, examples = inspect.cleandoc(text).replace("Example:", "Examples:").partition("Examples:")
    paragraphs = [
        html.escape(paragraph.replace("\n", " "), quote=False) for paragraph in words.strip().split("\n\n")
    ]
    lines = [" ".join(line.split()) for line in examples.strip().split("\n\n")]
    return paragraphs, "\n".join(lines)


def _parameter(parameter: Any, context: Any) -> str:
    name, told = parameter.get_help_record(context) or (parameter.name, parameter.help or "")
    name, told = (" ".join(text.split()).replace("|", "\\|") for text in (name, told))
    told = html.escape(told, quote=False).replace("[", "&#91;")  # brackets would be references
    return f"| `{name}` | {told} |"


def networks() -> dict[str, str]:
    """A page for each network and discriminator: its options, and what its class says."""
    return {
        f"networks/{name}.md": _network_page(name, entry)
        for name, entry in {**NETWORKS, **DISCRIMINATORS}.items()
    }


def _network_page(name: str, entry: Any) -> str:
    module, _, kind = entry.target.partition(":")
    told = " ".join(f"`{key}={value}`" for key, value in entry.list_options().items())
    create = "create_network" if name in NETWORKS else "create_discriminator"
    return (
        f"# {name}\n\n"
        f"Its options, with their defaults: {told}. How it compares with the others: [networks](../networks.md).\n\n"
        f"```python\nimport beholder.catalog\n\nnetwork = beholder.catalog.{create}({name!r})\n```\n\n"
        f"::: {module}.{kind}\n"
    )


def reference() -> dict[str, str]:
    """A page for each room: what it offers to programs, from the docstrings. Each object has one place."""
    homes = {room: _homes(room) for room in ROOMS}
    pages = {}
    placed: set[str] = set()
    for place, (room, title) in reversed(
        list(enumerate(ROOMS.items()))
    ):  # the top comes last: it has what is left
        blocks = [home for home in dict.fromkeys(homes[room].values()) if home not in placed]
        placed.update(blocks)
        parts = [f"# {title}", f"`{room}`", *([_index(homes[room])] if room == "beholder" else [])]
        text = "\n\n".join([*parts, *(f"::: {home}" for home in blocks)])
        pages[f"reference/{place:02}-{room.rpartition('.')[2]}.md"] = f"{text}\n"
    return pages


def _index(homes: dict[str, str]) -> str:
    rows = [f"| [`{name}`][{home}] | {_summary(home)} |" for name, home in homes.items()]
    return "\n".join(["| name | what it is |", "| --- | --- |", *rows])


def _homes(room: str) -> dict[str, str]:
    """Name -> where its docstring stands, of all that a room offers at its door, or in the modules of its metrics and losses."""
    entries = {**METRICS, **NO_REFERENCE_METRICS, **LOSSES}.values()
    modules = {entry.target.partition(":")[0] for entry in entries if room in CATALOGUED}
    doors = [room, *sorted(name for name in modules if name.startswith(f"{room}."))]
    return {f"{door}.{name}": _home(door, name) for door in doors for name in _offered(door)}


@cache
def _read(module: str) -> ast.Module | None:
    """A module's source, read and not run: some need packages that take seconds to load. ``None`` if it is none."""
    path = ROOT / "src" / Path(*module.split("."))
    path = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    return ast.parse(path.read_text(encoding="utf-8")) if path.is_file() else None


def _offered(module: str) -> list[str]:
    """The names of ``__all__``, sorted."""
    for node in getattr(_read(module), "body", []):
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            return sorted(ast.literal_eval(node.value), key=str.lower)
    return []


def _home(module: str, name: str) -> str:
    """Where an object is defined: imports are followed."""
    tree = _read(module)
    for node in ast.walk(tree) if tree else ():
        if isinstance(node, ast.ImportFrom) and name in [each.asname or each.name for each in node.names]:
            return _home(
                node.module or "", next(each.name for each in node.names if name in (each.asname, each.name))
            )
    return f"{module}.{name}"


def _summary(home: str) -> str:
    module, _, name = home.rpartition(".")
    found = next(each for each in getattr(_read(module), "body", []) if getattr(each, "name", None) == name)
    return (ast.get_docstring(found) or "").partition("\n")[0]
