"""Notebooks of the guide: run when it is built, and shown as pages with what they print and draw.

A notebook is stored without outputs, so that no picture enters the repository and no output is older than the code. Where what runs
it is missing, or the weights that it asks for, its page shows the code alone.
"""

from __future__ import annotations

import base64
import os
import re
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.plugins import get_plugin_logger
from mkdocs.structure.files import File, Files

import beholder

__all__ = ["execute", "on_files", "page"]

_LONGEST = 300  # seconds that a cell may take on a busy machine
_COLOUR = re.compile(r"\x1b\[[\d;]*m")
_log = get_plugin_logger(__name__)


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add a page and its pictures for each notebook, which itself is there to be downloaded, with its outputs."""
    import nbformat

    for file in [each for each in files if each.src_uri.endswith(".ipynb")]:
        notebook = _run(Path(file.abs_src_path or ""))
        made = page(notebook, file.src_uri.removesuffix(".ipynb"))
        files.remove(file)
        for path, content in {file.src_uri: nbformat.writes(notebook), **made}.items():
            files.append(File.generated(config, path, content=content))
    return files


def _run(path: Path) -> Any:
    """A notebook with its outputs; without, where it cannot be run here."""
    try:
        return execute(path.read_text(encoding="utf-8"))
    except ModuleNotFoundError as error:
        _log.info("%s is shown without outputs: %s", path.name, error)
    except Exception as error:
        if getattr(error, "ename", "") != "WeightsError":
            raise PluginError(f"{path.name}: {_COLOUR.sub('', str(error))}") from error
        _log.info("%s is shown without outputs: %s", path.name, getattr(error, "evalue", ""))
    import nbformat

    return nbformat.reads(path.read_text(encoding="utf-8"), as_version=4)


@cache  # a guide that is served is built again whenever a page changes
def execute(text: str) -> Any:
    """Run a notebook in a folder of its own, on one core, with the Beholder that is imported here.

    Args:
        text: The notebook's file.

    Returns:
        The notebook with its outputs.

    Raises:
        ModuleNotFoundError: If nbclient or ipykernel is not installed.
        nbclient.exceptions.CellExecutionError: If a cell fails; its text shows the cell.
    """
    import ipykernel  # noqa: F401  # else a kernel that is installed elsewhere would do
    import nbformat
    from jupyter_client.kernelspec import KernelSpecManager
    from jupyter_client.manager import AsyncKernelManager
    from nbclient import NotebookClient

    notebook = nbformat.reads(text, as_version=4)
    with tempfile.TemporaryDirectory() as folder:
        # No folders of kernels: the interpreter that runs is left. Sockets in the folder: nobody else can listen.
        manager = AsyncKernelManager(
            kernel_spec_manager=KernelSpecManager(kernel_dirs=[]),
            connection_file=f"{folder}/kernel.json",
            transport="ipc",
            ip=f"{folder}/kernel",
        )
        client = NotebookClient(
            notebook, km=manager, timeout=_LONGEST, resources={"metadata": {"path": folder}}
        )
        client.execute(
            cleanup_kc=True,  # else a kernel of a manager that is handed over is left running
            env={
                **os.environ,
                "PYTHONPATH": str(Path(beholder.__path__[0]).parent),
                "IPYTHONDIR": folder,
                "OMP_NUM_THREADS": "1",
                "CUDA_VISIBLE_DEVICES": "",
            },
        )
    return notebook


def page(notebook: Any, stem: str) -> dict[str, str | bytes]:
    """A notebook's page and its pictures.

    Args:
        notebook: The notebook, with or without outputs.
        stem: Path of the notebook below the guide's folder, without its ending.

    Returns:
        ``STEM.md``, and ``STEM/CELL-K.png`` for each picture: path -> content.
    """
    name = stem.rpartition("/")[2]
    pictures: dict[str, str | bytes] = {}
    parts, heading = [], name
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            headings = [line.lstrip("# ") for line in cell.source.splitlines() if line.startswith("#")]
            heading = headings[-1] if headings else heading
            parts.append(cell.source)
            if len(parts) == 1:
                parts.append(f"This page is a notebook that you can run: [{name}.ipynb]({name}.ipynb).")
            continue
        parts.append(f"```python\n{cell.source}\n```")
        for place, output in enumerate(cell.outputs):
            data = output.get("data", {})
            if "image/png" in data:
                picture = f"{cell.id}-{place}.png"
                pictures[f"{stem}/{picture}"] = base64.b64decode(data["image/png"])
                parts.append(f"![{heading}]({name}/{picture})")
            else:
                parts.append(_text(output.get("text") or data.get("text/plain", "")))
    return {f"{stem}.md": "\n\n".join(parts) + "\n", **pictures}


def _text(output: str) -> str:
    """Text as it was printed; a table in Markdown, as polars can print it, as a table."""
    return output if output.startswith("|") else f"```text\n{output.rstrip()}\n```"
