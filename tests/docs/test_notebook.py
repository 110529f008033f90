"""The notebook is the lessons, and runs."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path
from types import ModuleType

import pytest

from docs.pages import ROOT, without_times

pytest.importorskip("nbclient", reason="needs the extra `docs`")

from nbclient import NotebookClient
from nbformat import NotebookNode


def made() -> ModuleType:
    """Return the script that makes the notebook."""
    spec = importlib.util.spec_from_file_location("notebook", ROOT / "docs" / "notebook.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_notebook_is_the_lessons() -> None:
    """``python docs/notebook.py`` has been run since they were changed; UPDATE_GOLDEN=1 does it."""
    script = made()
    if os.environ.get("UPDATE_GOLDEN"):
        script.main()
    assert script.NOTEBOOK.read_text(encoding="utf-8") == script.text()


@pytest.mark.check
@pytest.mark.timeout(300)
def test_notebook_prints_what_the_lessons_show(
    caches: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each of its commands, where nothing has been run before."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(caches))
    script = made()
    shown = script.notebook()
    ran = script.notebook()
    client = NotebookClient(
        ran, timeout=100, resources={"metadata": {"path": str(script.NOTEBOOK.parent)}}
    )
    client.execute()
    for before, after in zip(shown.cells, ran.cells, strict=True):
        if before.cell_type == "code":
            assert printed(after) == printed(before), before.source


def printed(cell: NotebookNode) -> str:
    """Return what a cell prints, without times."""
    return without_times("".join(output.text for output in cell.outputs))
