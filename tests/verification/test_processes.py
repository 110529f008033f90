"""No program outlives the command that has started it, however that is ended."""

from __future__ import annotations

import signal
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import FrameType

import pytest

from barrier.threads import await_until
from verification.ended import leaves_nothing
from verified_barrier.verification.model import enumerate_graph
from verified_barrier.verification.processes import (
    EndedError,
    is_ending,
    result_of,
    run,
    run_apart,
    threads,
)
from verified_barrier.verification.resources import SetupError

SLEEPS = "import time; print('here', flush=True); time.sleep(600)"


def test_output_errors_and_exit_code() -> None:
    """They are told apart, or together where that is asked for."""
    program = "import sys; print('out'); print('err', file=sys.stderr); sys.exit(7)"
    command = [sys.executable, "-c", program]
    assert run(command, timeout=50.0) == ("out\n", "err\n", 7)
    together = run(command, timeout=50.0, together=True)
    assert (sorted(together.output.split()), together.errors) == (["err", "out"], "")


def test_time_limit_ends_what_a_program_has_started() -> None:
    """The program, and those that it runs: none holds the output open any more."""
    program = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {SLEEPS!r}])"
    ran = run([sys.executable, "-c", program], timeout=1.0)
    assert ran.exit_code is None


def test_program_that_is_not_there(tmp_path: Path) -> None:
    """It is named."""
    with pytest.raises(SetupError, match=r"nothing cannot be run: No such file or directory$"):
        run([str(tmp_path / "nothing")], timeout=1.0)


def test_work_apart() -> None:
    """What it returns is returned, and what it raises is raised."""
    assert run_apart(lambda: threading.current_thread() is threading.main_thread()) is False
    with pytest.raises(ZeroDivisionError):
        run_apart(lambda: 1 / 0)


def test_work_is_ended(tmp_path: Path) -> None:
    """The program that it waits for is ended, and it can start no other, nor go on for long."""
    begun = tmp_path / "begun"
    what = []

    def work() -> None:
        program = f"open({str(begun)!r}, 'w').close(); {SLEEPS}"
        for start in (
            lambda: run([sys.executable, "-c", program], timeout=600.0),
            lambda: run([sys.executable], timeout=600.0),
            enumerate_graph_of_many,
        ):
            with pytest.raises(EndedError):
                start()
            what.append(is_ending())

    before = signal.getsignal(signal.SIGINT)
    futures = []

    def left() -> None:
        with threads(1) as begin:
            futures.extend([begin(work), begin(work)])
            await_until(begun.exists, "the program to start", 20.0)
            fail()

    with pytest.raises(SetupError):
        left()
    assert [future.cancelled() for future in futures] == [False, True]
    assert what == [True, True, True]
    assert (is_ending(), signal.getsignal(signal.SIGINT)) == (False, before)


def enumerate_graph_of_many() -> object:
    """Begin to enumerate a graph that nobody could finish."""
    return enumerate_graph(40, 40, True)


def interrupt() -> None:
    """Do what Ctrl-C does."""
    signal.raise_signal(signal.SIGINT)


def fail() -> None:
    """Do what a check does that cannot be run."""
    raise SetupError


@pytest.mark.parametrize(
    ("how", "error"), [(interrupt, KeyboardInterrupt), (fail, SetupError)], ids=["Ctrl-C", "error"]
)
def test_work_is_ended_undisturbed(how: Callable[[], None], error: type[BaseException]) -> None:
    """While what is under way comes to its end, nothing interrupts; afterwards all is as before."""
    heard: list[int] = []

    def work() -> None:
        while not is_ending():
            pass
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
        heard.append(signal.SIGINT)

    def left() -> None:
        with threads(1) as begin:
            begin(work)
            how()

    with pytest.raises(error):
        left()
    assert heard == [signal.SIGINT]
    with pytest.raises(KeyboardInterrupt):
        interrupt()


def test_signal_that_comes_just_before_waiting_is_heard() -> None:
    """It does not wake the thread that waits then: as here, where another one is sent it."""
    heard = []

    def waits() -> bool:
        frame: FrameType | None = sys._current_frames()[threading.main_thread().ident or 0]
        if frame is None or frame.f_code is not threading.Condition.wait.__code__:
            return False
        while frame is not None and frame.f_code is not result_of.__code__:
            frame = frame.f_back
        return frame is not None

    def work() -> None:
        await_until(waits, "the result to be awaited", 20.0)
        signal.pthread_kill(threading.get_ident(), signal.SIGINT)
        end = time.monotonic() + 10.0
        while not is_ending() and time.monotonic() < end:
            pass
        heard.append(is_ending())

    with pytest.raises(KeyboardInterrupt):
        run_apart(work)
    assert heard == [True]


def test_signal_that_comes_while_work_begins(monkeypatch: pytest.MonkeyPatch) -> None:
    """It interrupts when the work has begun, so that this can be ended, too."""
    begun = []
    submit = ThreadPoolExecutor.submit

    def interrupted(pool: ThreadPoolExecutor, work: Callable[[], None]) -> Future[None]:
        interrupt()
        future = submit(pool, work)
        begun.append(future)
        return future

    monkeypatch.setattr(ThreadPoolExecutor, "submit", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run_apart(lambda: None)
    assert [future.done() for future in begun] == [True]


def test_ignored_signal_stays_ignored() -> None:
    """As `nohup` and a shell's background have it."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with threads(1) as begin:
            signal.raise_signal(signal.SIGINT)
            assert begin(lambda: 7).result() == 7
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


HALF = ["--json", "check.json", "--junit", "check.xml", "--artifacts"]


@pytest.mark.check
@pytest.mark.stress
@pytest.mark.parametrize(
    "names",
    [["SIGINT"], ["SIGTERM"], ["SIGHUP"], ["SIGINT", "SIGTERM", "SIGINT"]],
    ids=lambda names: "-".join(names),
)
def test_ended_check_leaves_nothing(
    names: list[str], caches: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No Java, no folder, no result, and of what there was to keep only what is whole."""
    monkeypatch.chdir(tmp_path)
    arguments = ["check", "--full", "--only", "liveness/*", *HALF, "artifacts"]
    leaves_nothing(arguments, "verified-barrier-*/tmp/*", names, caches, tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["artifacts", "caches", "scratch"]
    kept = sorted(path.name for path in Path("artifacts").iterdir())
    assert kept[0] == "command.txt"
    # A small one may have come to its end before.
    assert all((Path("artifacts") / name / "report.txt").exists() for name in kept[1:])
    assert not any(caches.rglob("*.part"))


@pytest.mark.check
@pytest.mark.stress
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_ended_proof_leaves_nothing(name: str, caches: Path, tmp_path: Path) -> None:
    """Nor while SANY reads the specification."""
    leaves_nothing(["prove"], "verified-barrier-*/Integers.tla", [name], caches, tmp_path)


@pytest.mark.check
@pytest.mark.stress
def test_ended_contracts_leave_nothing(caches: Path, tmp_path: Path) -> None:
    """Nor while CrossHair is at work."""
    leaves_nothing(
        ["check", "--only", "contracts/*", "--artifacts", str(tmp_path / "artifacts")],
        "../artifacts/.contracts.machine.part/crosshair.command.txt",
        ["SIGINT"],
        caches,
        tmp_path,
    )
    assert [path.name for path in (tmp_path / "artifacts").iterdir()] == ["command.txt"]
