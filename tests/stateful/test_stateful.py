"""Generated programs, played with real threads at the real barrier, do what the model does.

A program that fails is made small, printed as numbered steps, and handed to the scheduler, which
shows the same failure again and keeps it as a schedule. That this works is shown with the
scheduler's faults and with CPython's barrier.

What is printed for one of the faults is in ``golden.txt``; to write it anew::

    UPDATE_GOLDEN=1 make test TESTS=tests/stateful
"""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from threading import Event

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from scheduler.deviations import DEVIATIONS
from scheduler.engine import Engine
from scheduler.faults import FAULTS
from scheduler.oracle import Oracle
from scheduler.scenarios import Scenario
from scheduler.subjects import SHIPPED, STANDARD
from stateful import threads
from stateful.playing import Story, play
from stateful.programs import ALL, SITES, Command, Do, Program, Site, programs
from stateful.replaying import explained, played_again, replayed, scenario_for
from verified_barrier.table import TABLE

HERE = Path(__file__).parent
GOLDEN, TESTS = HERE / "golden.txt", HERE.parent

FEW = SITES.filter(lambda site: site.threads < 4)
"""To follow four threads, the scheduler's oracle takes seconds to work out what they may do."""

ALWAYS = settings(derandomize=True, database=None, deadline=None)
"""The same programs each time; those of ``make check-full`` are others."""

BETWEEN = {
    "waiter registered after the lock is released",
    "outcome written after the wake-up",
    "withdrawal without the lock",
    "arrival without the lock",
}
"""The faults that need a switch of threads where none waits: only the scheduler finds them."""

SLOW = {
    "no second look after being held",
    "abort that forgets the held",
    "return without an outcome",
}
"""The faults that take long to be found, and are left to ``make check-full``."""

SHRUNK = {
    "action run after the release": (
        "t1 calls wait()",
        "n_waiting is 0, where in the model it is 1",
        "OneAction: t1 runs the action",
    ),
    "release of the wrong generation's waiters": (
        "t1 calls wait(); t2 calls wait()",
        "t1 is blocked, where in the model it returned 0",
        "NoStrandedWaiter: t1 is stuck",
    ),
    "reset that forgets the waiters": (
        "t1 calls wait(); t2 calls reset()",
        "t1 is blocked, where in the model it raised BrokenBarrierError",
        "NoStrandedWaiter: t1 is stuck",
    ),
    "withdrawal that ignores an outcome just written": (
        "t1 calls wait(); t1, in the action, calls wait()",
        "n_waiting is 0, where in the model it is 1",
        "it took Withdraw by t1, which is no step of the model",
    ),
}
"""The faults for which there is one smallest program: it, what is wrong at its end, and what the
scheduler says of it. Of the others there are several that cannot be made smaller."""


class FailedError(Exception):
    """Raised with the story of a program that fails."""


def smallest(
    barrier: str,
    chosen: settings,
    dos: tuple[Do, ...] = ALL,
    sites: st.SearchStrategy[Site] = SITES,
    taken: set[str] | None = None,
) -> Story | None:
    """Return the story of the smallest program that fails, of those that are generated.

    Parameters: ``taken``, what gets the actions of the specification that were taken.
    """
    phases = [phase for phase in (Phase.generate, Phase.shrink) if phase in chosen.phases]

    @settings(chosen, phases=phases, suppress_health_check=[HealthCheck.too_slow])
    @given(programs(dos, sites))
    def run(program: Program) -> None:
        story = play(barrier, program)
        if taken is not None:
            taken.update(story.taken)
        if story.problem is not None:
            raise FailedError(story)

    try:
        run()
    except FailedError as error:
        failed: Story = error.args[0]
        return failed
    return None


def found(barrier: str, dos: tuple[Do, ...] = ALL, sites: st.SearchStrategy[Site] = FEW) -> Story:
    """Return the story of the smallest program that fails; one must."""
    story = smallest(barrier, settings(ALWAYS, max_examples=4_000), dos, sites)
    assert story is not None, f"no program shows what is wrong with {barrier}"
    return story


def words(story: Story) -> str:
    """Return what was done, in one line."""
    return "; ".join(map(str, story.commands))


def shown(story: Story) -> str:
    """Return what the scheduler says of a program that failed."""
    with Engine() as engine:
        problem = replayed(engine, story).problem
    assert problem is not None, f"the scheduler finds nothing wrong:\n{story}"
    return problem


@pytest.mark.parametrize(
    "chosen",
    [
        pytest.param(settings(ALWAYS, max_examples=1_500), id="1500"),
        pytest.param(
            settings(max_examples=20_000),
            id="20000",
            marks=[pytest.mark.full, pytest.mark.timeout(900)],
        ),
    ],
)
def test_barrier_does_what_the_model_does(chosen: settings, tmp_path: Path) -> None:
    """Whatever threads do, one after the other; and every row of the table is taken."""
    taken: set[str] = set()
    story = smallest(SHIPPED.name, chosen, taken=taken)
    if story is not None:
        pytest.fail(explained(story, tmp_path / "schedule.json"))
    assert taken == {row.action for row in TABLE.rows}


@pytest.mark.parametrize("barrier", [SHIPPED.name, STANDARD.name])
def test_program_is_played_in_the_same_way_each_time(barrier: str) -> None:
    """What is found does not depend on who is faster."""

    @settings(ALWAYS, max_examples=50)
    @given(programs())
    def run(program: Program) -> None:
        assert play(barrier, program) == play(barrier, program)

    run()


def test_scheduler_comes_to_the_same_end() -> None:
    """The scenario of a program that is right leads the model where the program led it."""

    @settings(ALWAYS, max_examples=25)
    @given(programs(sites=FEW))
    def run(program: Program) -> None:
        story = play(SHIPPED.name, program)
        with Engine() as engine:
            again, execution = played_again(engine, story)
        assert again.judge(execution) is None
        assert isinstance(again.oracle, Oracle)
        assert again.oracle.now == story.end

    run()


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(fault.name, marks=pytest.mark.full if fault.name in SLOW else ())
        for fault in FAULTS
        if fault.name not in BETWEEN
    ],
)
def test_fault_is_found_and_shown_by_the_scheduler(fault: str) -> None:
    """A few commands are left; in their order the scheduler finds the fault, and nothing else."""
    story = found(fault)
    problem = shown(story)
    assert len(story.commands) <= 6
    if fault in SHRUNK:
        commands, wrong, says = SHRUNK[fault]
        assert (words(story), story.problem) == (commands, wrong)
        assert problem.startswith(says)
    with Engine() as engine:
        assert replayed(engine, replace(story, barrier=SHIPPED.name)).problem is None


def test_faults_that_need_the_scheduler_are_not_found() -> None:
    """So many programs do not show them; if one is found, it is no longer named among them."""
    for fault in BETWEEN:
        assert smallest(fault, settings(ALWAYS, max_examples=50)) is None


@pytest.mark.parametrize(
    ("deviation", "dos", "site", "commands", "says"),
    [
        (
            "unique-index",
            (Do.WAIT, Do.INTERRUPT),
            Site(3, 3, has_action=False),
            "t1 calls wait(); t2 calls wait(); an exception is raised in t1; "
            "t1 calls wait(); t3 calls wait()",
            "t2 returned 1, where the model has it return 0",
        ),
        (
            "open-action",
            (Do.WAIT, Do.ABORT),
            Site(2, 2, has_action=True),
            "t1 calls wait(); t2 calls wait(); t2, in the action, calls wait()",
            "t2 is stuck in the action",
        ),
    ],
)
def test_deviation_of_cpython_is_found(
    deviation: str, dos: tuple[Do, ...], site: Site, commands: str, says: str
) -> None:
    """The same programs show where ``threading.Barrier`` differs; ours is right there."""
    assert deviation in {one.name for one in DEVIATIONS}
    story = found(STANDARD.name, dos, st.just(site))
    assert (words(story), shown(story)) == (commands, says)
    assert play(SHIPPED.name, Program(site, list(story.commands))).problem is None


def test_failure_prints_as_a_scenario_that_replays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The print is the golden one; its scenario is Python, and its schedule a file."""
    monkeypatch.chdir(tmp_path)
    commands = [Command(0, Do.WAIT), Command(1, Do.WAIT), Command(0, Do.ABORT)]
    program = Program(Site(1, 2, has_action=True), commands)
    story = play("abort that forgets the held", program)
    text = explained(story, Path("schedule.json"))
    if os.environ.get("UPDATE_GOLDEN"):
        GOLDEN.write_text(text)
    assert text == GOLDEN.read_text()
    (scenario,) = [line for line in text.splitlines() if line.startswith("Scenario(")]
    assert eval(scenario, {"Scenario": Scenario}) == scenario_for(story)  # noqa: S307
    done = subprocess.run(
        [sys.executable, "-m", "scheduler", "replay", "schedule.json"],
        env={**os.environ, "PYTHONPATH": str(TESTS)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (1, "")
    assert text.endswith(done.stdout)


def test_thread_that_does_not_come_to_rest_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """The limit is there for this alone."""
    monkeypatch.setattr(threads, "LIMIT", 0.1)
    end = Event()

    class Busy(threads.Worker):
        def obey(self, order: Do) -> None:
            end.wait()

    with threads.Stage() as stage:
        worker = Busy(stage)
        worker.order = Do.WAIT
        with pytest.raises(threads.StuckError, match=r"not come to rest within 0.1 s"):
            stage.settle()
    end.set()
