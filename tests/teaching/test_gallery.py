"""The gallery has every barrier that is almost right, with a run that is the manifest's."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from verified_barrier import cli
from verified_barrier.teaching.barriers import EXHIBITS
from verified_barrier.teaching.followed import LAMPS
from verified_barrier.teaching.gallery import pieces
from verified_barrier.verification.manifest import load_manifest
from verified_barrier.verification.resources import MODELS

Gallery = Callable[..., tuple[int, str, str]]


@pytest.fixture
def gallery(capsys: pytest.CaptureFixture[str]) -> Gallery:
    """Run the command; return exit code, output and errors."""

    def run(*arguments: str) -> tuple[int, str, str]:
        code = cli.main(["gallery", *arguments])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


def test_all_are_there(gallery: Gallery) -> None:
    """Each model that must fail, but those in which nothing is wrong; each broken exhibit."""
    found = {piece.model.name for piece in pieces()}
    must_fail = {model.name for model in load_manifest(MODELS) if model.violates}
    assert found == {name for name in must_fail if not name.startswith("witness/")}
    assert {one.key for one in EXHIBITS if one.key not in ("ours", "cpython")} <= {
        piece.name for piece in pieces()
    }
    code, said, _ = gallery()
    assert code == 0
    lines = {" ".join(line.split()) for line in said.splitlines()}
    for piece in pieces():
        assert f"{piece.name} {piece.model.violates}: {piece.story}" in lines


@pytest.mark.check
def test_one_that_can_be_stepped_through(gallery: Gallery) -> None:
    """What is changed, the shortest run, and what catches it."""
    code, said, _ = gallery("holds-on")
    assert code == 0
    assert "    ActionReturnedAfterResetHoldsOn(t) ==\n" in said
    assert f"A shortest run that breaks OneAction ({LAMPS['OneAction']}):" in said
    assert "  4. ActionReturnedAfterResetHoldsOn t1  t1 LEAVING (RESET)\n" in said
    assert said.endswith(
        "What catches it: verified-barrier check --only 'fault/holds-on'\n"
        "To try it: verified-barrier play --barrier holds-on --parties 1 --threads 2 --action\n"
    )
    (piece,) = (piece for piece in pieces() if piece.name == "holds-on")
    assert piece.model.steps == 5  # states, the first of which needs no step


@pytest.mark.check
def test_one_that_tlc_alone_finds(gallery: Gallery) -> None:
    """A fault of the locks: only what a step changes is shown."""
    code, said, _ = gallery("locks-fault/woken-first")
    assert code == 0
    assert "In the place of Woken, from spec/BarrierLocksFaults.tla:\n" in said
    assert "A run that breaks WokenByOutcome:\n  1. Call: " in said
    (first,) = (line for line in said.splitlines() if line.startswith("  1. "))
    assert first.count("pc[") == 1
    (piece,) = (piece for piece in pieces() if piece.name == "locks-fault/woken-first")
    assert f"{(piece.model.steps or 0) - 1:>3}. " in said
    assert f"{piece.model.steps:>3}. " not in said


@pytest.mark.check
@pytest.mark.full
def test_one_that_never_ends(gallery: Gallery) -> None:
    """It is said how it goes on."""
    code, said, _ = gallery("unfair-calls/2-parties-2-threads")
    assert code == 0
    assert "A run that breaks Crossing:\n" in said
    assert "for ever\n\nWhat catches it" in said


@pytest.mark.parametrize("group", ["cpython", "locks-fault/one"])
def test_several_with_one_beginning(gallery: Gallery, group: str) -> None:
    """They are listed, as all are without a name."""
    _, all_of_them, _ = gallery()
    code, said, errors = gallery(group)
    assert (code, errors) == (0, "")
    listed = [line.split()[0] for line in said.splitlines() if line.startswith("  ")]
    assert listed == [p.name for p in pieces() if p.model.name.startswith(group)]
    assert {" ".join(line.split()) for line in said.splitlines()} <= {
        " ".join(line.split()) for line in all_of_them.splitlines()
    }


def test_list_fits_a_terminal(gallery: Gallery, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is too long for a line goes on in the next."""
    _, whole, _ = gallery()
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "80")
    _, said, _ = gallery()
    assert max(map(len, said.splitlines())) <= 80
    assert said.split() == whole.split()


@pytest.mark.check
@pytest.mark.parametrize(
    ("name", "first", "catches"),
    [
        ("fault/misspelt-phase", '  1. phase = "ABORTED"', "check --only"),
        ("cpython-at-once/timed-call", '  1. pc[t1] = "with"', "check --full --only"),
        ("locks-fault/woken-first", "  1. Call: ", "check --only"),
    ],
)
def test_what_is_not_known_is_not_said(
    gallery: Gallery, name: str, first: str, catches: str
) -> None:
    """An action that TLC does not name; and --full, where it is of no use."""
    _, said, _ = gallery(name)
    assert f":\n{first}" in said
    assert f"What catches it: verified-barrier {catches} '{name}'\n" in said


def test_wrong_usage(gallery: Gallery) -> None:
    """No such barrier: exit code 2."""
    code, said, errors = gallery("holds-off")
    assert (code, said) == (2, "")
    assert errors == (
        "verified-barrier: there is no 'holds-off': verified-barrier gallery lists them\n"
    )


@pytest.mark.check
def test_too_little_time(gallery: Gallery) -> None:
    """Nothing is shown of what was not found: exit code 3."""
    code, said, _ = gallery("locks-fault/woken-first", "--timeout", "0.001")
    assert code == 3
    assert "TLC did not finish within 0.001 s" in said
    assert "A run" not in said
