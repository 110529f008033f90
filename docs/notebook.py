"""Write the lessons as a notebook: ``python docs/notebook.py``.

The text of ``docs/tutorial/*.md`` becomes cells of text; each command becomes a cell that runs it,
with what the lesson says that it prints.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

__all__ = ["NOTEBOOK", "main", "notebook", "text"]

LESSONS = Path(__file__).parent / "tutorial"
NOTEBOOK = LESSONS / "tutorial.ipynb"

_SESSION = re.compile(r"^```console\n(.*?)^```$", re.M | re.S)

_BEGINNING = """\
# From a counter to a proof

Twelve lessons, made from the pages of the documentation by `docs/notebook.py`. They need a clone
of the project, and a Jupyter that runs in its `.venv`: `make check`, then
`.venv/bin/pip install jupyterlab` and `.venv/bin/jupyter lab docs/tutorial/tutorial.ipynb`."""

_SETUP = """\
import os
import sys
from pathlib import Path

while not Path("spec", "Barrier.tla").exists():
    os.chdir("..")
os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}\""""


def notebook() -> NotebookNode:
    """Return the notebook that the lessons are."""
    cells = [new_markdown_cell(_BEGINNING), new_code_cell(_SETUP)]
    for lesson in sorted(LESSONS.glob("[0-9]*.md")):
        cells += _cells(lesson.read_text(encoding="utf-8"))
    for number, cell in enumerate(cells):
        cell["id"] = f"cell-{number}"
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return new_notebook(cells=cells, metadata={"kernelspec": kernel})


def _cells(lesson: str) -> Iterator[NotebookNode]:
    # The even parts are text, the odd ones what is in a block.
    for number, part in enumerate(_SESSION.split(lesson)):
        if number % 2 == 0:
            if part.strip():
                yield new_markdown_cell(part.strip())
        else:
            for typed in re.split(r"^\$ ", part, flags=re.M)[1:]:
                command, _, printed = typed.partition("\n")
                outputs = [new_output("stream", name="stdout", text=printed)] if printed else []
                yield new_code_cell(f"%%sh --no-raise-error\n{command} 2>&1", outputs=outputs)


def text() -> str:
    """Return what is in the notebook's file."""
    return str(nbformat.writes(notebook())) + "\n"


def main() -> None:
    """Write the file."""
    NOTEBOOK.write_text(text(), encoding="utf-8")


if __name__ == "__main__":
    main()
