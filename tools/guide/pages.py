"""Hooks of the guide: its navigation, and the pages that are made from the program itself."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

from beholder.catalog import DISCRIMINATORS, METRICS, NETWORKS
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
SECTIONS: dict[str, list[str]] = {
    "Start": ["index.md", "start.md", "install.md", "doctor.md", "which_metric.md", "which_loss.md", "photos.md"],
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
    there = sorted(file.src_uri for file in files.documentation_pages())
    nav = {
        title: [path for pattern in patterns for path in there if _matches(path, pattern)]
        for title, patterns in SECTIONS.items()
    }
    config.nav = [{title: list(dict.fromkeys(paths))} for title, paths in nav.items() if paths]
    return files


def _matches(path: str, pattern: str) -> bool:
    return path.count("/") == pattern.count("/") and Path(path).match(pattern)


def commands() -> dict[str, str]:
    """A page for each command, made of its own help, and one that lists them."""
    root = typer.main.get_command(app)
    context = root.context_class(root, info_name="beholder")
    pages: dict[str, str] = {}
    rows = []
    for words, command in _walk([], root, context):
        name = "-".join(words)
        pages[f"commands/{name}.md"] = _command_page(words, command, context)
        rows.append(f"| [`beholder {' '.join(words)}`]({name}.md) | {_first_sentence(command.help or '')} |")
    listing = "\n".join(["| command | what it does |", "| --- | --- |", *rows])
    return {"commands/index.md": f"# Commands\n\nAs `--help` tells them.\n\n{listing}\n", **pages}


def _walk(words: list[str], group: Any, context: Any) -> Iterator[tuple[list[str], Any]]:
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if hasattr(command, "list_commands"):
            yield from _walk([*words, name], command, context)
        else:
            yield [*words, name], command


def _first_sentence(text: str) -> str:
    return inspect.cleandoc(text).split("\n\n")[0].replace("\n", " ")


def _command_page(words: list[str], command: Any, context: Any) -> str:
    inner = command.context_class(command, info_name=" ".join(words), parent=context)
    usage = " ".join(command.collect_usage_pieces(inner))
    parameters = [each for each in command.params if each.name not in ("help",)]
    arguments = [each for each in parameters if each.param_type_name == "argument"]
    options = [each for each in parameters if each.param_type_name == "option"]
    parts = [f"# beholder {' '.join(words)}", *_help(command.help or "")]
    parts.append(f"```text\nbeholder {' '.join(words)} {usage}\n```")
    for title, found in (("Arguments", arguments), ("Options", options)):
        if found:
            rows = "\n".join(_parameter(each, inner) for each in found)
            parts.append(f"## {title}\n\n| | |\n| --- | --- |\n{rows}")
    return "\n\n".join(parts) + "\n"


def _help(text: str) -> list[str]:
    """Paragraphs of a help text; what stands below ``Examples:`` as commands."""
    words, _, examples = inspect.cleandoc(text).replace("Example:", "Examples:").partition("Examples:")
    parts = [paragraph.replace("\n", " ") for paragraph in words.strip().split("\n\n")]
    if examples.strip():
        lines = [" ".join(line.split()) for line in examples.strip().split("\n\n")]
        parts.append("```sh\n" + "\n".join(lines) + "\n```")
    return parts


def _parameter(parameter: Any, context: Any) -> str:
    name, told = parameter.get_help_record(context) or (parameter.name, parameter.help or "")
    cells = (" ".join(text.split()).replace("|", "\\|") for text in (name, told))
    return "| `{}` | {} |".format(*cells).replace("[", "\\[")


def networks() -> dict[str, str]:
    """A page for each network and discriminator: its options, and what its class says."""
    return {
        f"networks/{name}.md": _network_page(name, entry) for name, entry in {**NETWORKS, **DISCRIMINATORS}.items()
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
    elsewhere = {home for room, found in homes.items() if room != "beholder" for home in found.values()}
    rows = [f"| [`beholder.{name}`][{home}] | {_summary(name)} |" for name, home in homes["beholder"].items()]
    top = "\n".join(["| | |", "| --- | --- |", *rows])
    homes["beholder"] = {name: home for name, home in homes["beholder"].items() if home not in elsewhere}
    pages = {}
    for place, (room, title) in enumerate(ROOMS.items()):
        blocks = [f"::: {home}" for home in dict.fromkeys(homes[room].values())]
        parts = [f"# {title}", f"`{room}`", *([top] if room == "beholder" else []), *blocks]
        pages[f"reference/{place:02}-{room.rpartition('.')[2]}.md"] = "\n\n".join(parts) + "\n"
    return pages


def _summary(name: str) -> str:
    return (inspect.getdoc(getattr(importlib.import_module("beholder"), name)) or "").partition("\n")[0]


def _homes(room: str) -> dict[str, str]:
    """Name -> where its docstring stands, of all that a room offers at its door, or that the catalogue names in it."""
    module = importlib.import_module(room)
    if hasattr(module, "__all__"):
        return {name: _home(module, name) for name in sorted(module.__all__, key=str.lower)}
    targets = sorted({entry.target for entry in METRICS.values() if entry.target.startswith(room)})
    return {target: target.replace(":", ".") for target in targets}


def _home(module: Any, name: str) -> str:
    """Where an object is defined, which its docstring is read from; a constant stands where it is offered."""
    found = getattr(module, name)
    home = getattr(found, "__module__", None)
    if isinstance(home, str) and home.startswith("beholder.") and hasattr(found, "__qualname__"):
        return f"{home}.{found.__qualname__}"
    for source in inspect.getsource(module).splitlines():
        if name in source and source.startswith("from beholder."):
            return f"{source.split()[1]}.{name}"
    return f"{module.__name__}.{name}"
