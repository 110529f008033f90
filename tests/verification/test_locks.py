"""The model of the shell of locks speaks of the code: its labels are lines of barrier.py."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import verified_barrier.barrier
from verified_barrier.verification.manifest import load_manifest
from verified_barrier.verification.resources import MODELS, SPEC

SPECIFIED = (SPEC / "BarrierLocks.tla").read_text()
CODE = Path(verified_barrier.barrier.__file__).read_text()
README = (SPEC / "README.md").read_text()


def labels(specification: str) -> dict[str, str]:
    """Return the labels, each with the beginning of the line that it stands for."""
    found = re.search(r"^Labels == \{\n(.*?)^\}", specification, re.DOTALL | re.MULTILINE)
    entries = re.findall(r'^    "(\w+)",? +\\\* (.+)$', found[1] if found else "", re.MULTILINE)
    return dict(entries)


def unknown(specification: str, code: str) -> set[str]:
    """Return the labels with no such line in the code."""
    lines = [line.strip() for line in code.splitlines()]
    return {
        label
        for label, start in labels(specification).items()
        if not any(line.startswith(start) for line in lines)
    }


def test_every_label_is_a_line_of_the_code() -> None:
    """Each has a line, and each label that the module uses is listed."""
    body = SPECIFIED.split("Init ==", 1)[1]
    used = {name for label in labels(SPECIFIED) for name in [label] if f'"{label}"' in body}
    assert len(used) == len(labels(SPECIFIED)) == 12
    assert set(re.findall(r'Goes\(\w+, "(\w+)"', body)) <= used
    assert unknown(SPECIFIED, CODE) == set()


@pytest.mark.parametrize("label", labels(SPECIFIED))
def test_line_that_is_not_there_is_seen(label: str) -> None:
    """A label whose line has been changed in the code, or misspelt in the specification."""
    line = labels(SPECIFIED)[label]
    assert label in unknown(SPECIFIED, CODE.replace(line, "pass"))
    assert label in unknown(SPECIFIED.replace(line, f"{line} misspelt"), CODE)


def test_readme_has_the_same_labels() -> None:
    """Its table names each, in the same order, with the same line."""
    rows = re.findall(r"^\| `(\w+)` \| .* \| `(.+)` \|$", README, re.MULTILINE)
    assert rows == list(labels(SPECIFIED).items())


def test_every_replacement_of_a_fault_is_used() -> None:
    """Each definition of BarrierLocksFaults stands in for one of BarrierLocks in some model."""
    text = (SPEC / "BarrierLocksFaults.tla").read_text()
    defined = set(re.findall(r"^(\w+)(?:\([\w, ]+\))? ==", text, re.MULTILINE))
    models = [m for m in load_manifest(MODELS) if m.module == "BarrierLocksFaults"]
    replaced = {
        pair
        for model in models
        for pair in re.findall(r"^    (\w+) <- (\w+)$", model.configuration, re.MULTILINE)
    }
    assert defined == {new for _, new in replaced} - {"Zero", "Never"}
    assert all(
        re.search(rf"^{old}(\([\w, ]+\))? ==", SPECIFIED, re.MULTILINE) for old, _ in replaced
    )
    assert all(model.violates for model in models)
