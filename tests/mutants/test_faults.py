"""The gallery's faults are about what is there, and its own two checks pass where there is none."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from mutants import interleavings, recorded
from mutants.faults import ROOT, Edit, Fault, FaultError, Kind, apply
from mutants.gallery import FAULTS, HANGING


def test_gallery_is_large_enough() -> None:
    """More than sixty, of every kind, each with a name of its own."""
    assert len(FAULTS) > 60
    assert {fault.kind for fault in FAULTS} == set(Kind)
    assert {fault.name for fault in FAULTS if fault.hangs} == HANGING
    assert [name for name, number in Counter(f.name for f in FAULTS).items() if number > 1] == []


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_fault_can_be_applied(fault: Fault, tmp_path: Path) -> None:
    """What it changes is there exactly once; and what is Python stays Python."""
    for file in fault.files:
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_text((ROOT / file).read_text(encoding="utf-8"), encoding="utf-8")
    apply(fault, tmp_path)
    for file in fault.files:
        text = (tmp_path / file).read_text(encoding="utf-8")
        assert text != (ROOT / file).read_text(encoding="utf-8")
        if file.endswith(".py"):
            compile(text, file, "exec")


@pytest.mark.parametrize("edit", [Edit("a", "b", "c"), Edit("a", "xx", "c"), Edit("a", "x", "x")])
def test_fault_that_is_about_nothing_is_refused(edit: Edit, tmp_path: Path) -> None:
    """What it changes is not there, or twice, or stays as it is."""
    (tmp_path / "a").write_text("xx xx x")
    with pytest.raises(FaultError, match="one: what it changes in a is there"):
        apply(Fault("one", Kind.TOOL, (edit,)), tmp_path)


@pytest.mark.full
def test_interleavings_of_the_project_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    """The gallery's check of the scheduler finds nothing."""
    assert interleavings.main() == 0
    assert capsys.readouterr().out == ""


@pytest.mark.full
@pytest.mark.check
def test_recorded_executions_of_the_project_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The gallery's check of traces finds nothing."""
    monkeypatch.setattr("sys.argv", ["recorded.py", str(tmp_path)])
    assert recorded.main() == 0
    assert capsys.readouterr().out == ""
