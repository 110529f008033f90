"""A stress test: threads, signals, timeouts, aborts, resets and failing actions, all at once.

A round is a plan, made from a seed: what each thread does, how the action behaves, and when signals
come. The main thread is one of those that wait, and a signal handler raises in it, or aborts or
resets the barrier, whatever it is doing there. The plan can be repeated, the timing cannot: so
nothing is expected of the timing, and ``judge`` replays what came of it. When only threads are left
that wait for others, the barrier is aborted. In the end of each round it is reset, and must be
crossed by as many threads as it has parties.

``make stress`` prints how much there was of everything, and what failed.
"""

from __future__ import annotations

import argparse
import faulthandler
import platform
import signal
import sys
import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from itertools import cycle
from random import Random
from threading import BrokenBarrierError, get_ident
from types import FrameType, ModuleType
from typing import Any, NamedTuple

import verified_barrier.barrier
from barrier.judge import Acted, Acts, Called, Entry, Judge, Left, Stepped
from barrier.threads import StuckError, Task
from scheduler.faults import FAULTS, Fault, faulty_text
from scheduler.oracle import RAISED, ActionError, Interruption
from verified_barrier.machine import State, step
from verified_barrier.table import Row

__all__ = ["Report", "barriers", "storm"]

ROUNDS = 10
"""How many rounds a barrier is used for."""

_AGAIN = 0.0001
_PAUSE = 0.002


class Shot(NamedTuple):
    """A signal to the main thread."""

    delay: float
    """Seconds, from the call or from the shot before."""
    does: str
    """What the handler does: ``raise``, ``abort`` or ``reset``."""


class Do(NamedTuple):
    """What a thread does next."""

    what: str
    """``wait``, ``abort`` or ``reset``."""
    timeout: float | None = None
    mends: bool = False
    """Whether it resets the barrier if it finds it broken."""
    shots: tuple[Shot, ...] = ()


@dataclass(frozen=True)
class Site:
    """The barrier of a few rounds."""

    parties: int
    actions: tuple[str, ...]
    """How the action ends, in turn; none: there is no action."""
    is_observed: bool = True
    """Whether the barrier tells of its steps, if it can; it takes other ways if nobody listens."""

    def __str__(self) -> str:
        return f"{self.parties} parties, {'an' if self.actions else 'no'} action"

    @classmethod
    def plan(cls, random: Random) -> Site:
        """Make one up: mostly few parties, half of them with an action."""
        parties = random.choice([1, 1, 2, 2, 2, 3, 3, 4, 5, 8, random.randint(1, 64)])
        kinds = ["return"] * 12 + ["slow", "slow", "raise", "abort", "reset"]
        actions = [random.choice(kinds) for _ in range(random.choice([0, 17]))]
        return cls(parties, tuple(actions), random.random() < 0.7)


@dataclass(frozen=True)
class Plan:
    """What the threads do in one round; the first of them is the main thread."""

    programs: tuple[tuple[Do, ...], ...]
    switch_interval: float

    @classmethod
    def make(cls, random: Random, parties: int) -> Plan:
        """Make one up: up to three threads more than parties, and 64 at most."""
        threads = min(64, parties + random.choice([0, 0, 0, 1, 2, 3]))
        roughness = random.choice([0.0, 0.02, 0.1, 0.4])
        length = random.randint(1, 60 if threads < 9 else 12)
        main, *others = (
            tuple(_do(random, roughness, is_main=not number) for _ in range(length))
            for number in range(threads)
        )
        return cls((main, *others), random.choice([5e-3, 1e-4, 1e-6]))


def _do(random: Random, roughness: float, *, is_main: bool) -> Do:
    shots: list[Shot] = []
    if is_main:
        while random.random() < 0.6 and len(shots) < 4:
            kind = random.choice(["raise", "raise", "raise", "abort", "reset"])
            shots.append(Shot(10 ** random.uniform(-5.5, -2.5), kind))
    if random.random() < roughness / 2:
        return Do(random.choice(["abort", "reset"]), shots=tuple(shots))
    timeout = None
    if random.random() < roughness:
        timeout = random.choice([-1.0, 0.0, 1e-5, 1e-4, 1e-3, 1e-2])
    return Do("wait", timeout, random.random() < 0.5, tuple(shots))


@dataclass
class Report:
    """How much there was of everything, and what failed."""

    seconds: float = 0.0
    rounds: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        numbers = {
            words: sum(self.counts[name] for name in names) for words, names in _COUNTED.items()
        }
        counts = ", ".join(f"{number:,} {words}" for words, number in numbers.items() if number)
        sums = f"{self.seconds:.0f} s, {self.rounds:,} rounds: {counts}"
        return "\n".join([*self.failures, sums, f"failures: {len(self.failures)}"])


_COUNTED = {
    "crossings": ("RELEASED",),
    "calls": ("Call",),
    "timeouts": ("TimeOut",),
    "aborts": ("AbortFilling", "AbortTripping", "AbortResetting", "AbortAgain"),
    "resets": ("ResetFilling", "ResetTripping", "ResetAgain", "ResetBreaking", "ResetBroken"),
    "withdrawals": ("Withdraw",),
    "action errors": ("ActionRaised", "ActionRaisedAfterReset", "ActionRaisedAfterAbort"),
    "exceptions injected": ("raise",),
    "handlers that abort or reset": ("abort", "reset"),
}
"""What is reported, and the actions of the table, or the shots, that it is the number of."""


class Blind:
    """Stands for ``Judge`` where the barrier tells of no steps: it only counts."""

    patience = 0.03
    """Seconds without news after which the barrier may be aborted."""

    def __init__(self, parties: int) -> None:
        self.parties = parties
        self.taken: Counter[str] = Counter()
        self.problem: str | None = None

    def feed(self, entries: list[Entry]) -> None:
        """Count calls and crossings, and see that nothing strange is raised."""
        for entry in entries:
            self.taken["Call"] += isinstance(entry, Called)
            if isinstance(entry, Left) and isinstance(entry.came, int):
                self.taken["RELEASED"] += entry.came == self.parties - 1
            elif isinstance(entry, Left) and type(entry.came) not in RAISED:
                self.problem = self.problem or f"t{entry.thread} raised {entry.came!r}"

    def stays(self, _thread: int) -> bool:
        """Return that a thread may well wait for others: nobody knows."""
        return True

    def where(self, thread: int) -> str:
        """Return what is known of a thread."""
        return f"t{thread}"


class Ground:
    """A barrier, the log of what happens at it, and its judge.

    Parameters: ``make``, which barrier; ``site``, with which arguments; ``limit``, seconds without
    progress after which a thread is held to be stuck.
    """

    def __init__(self, make: Callable[..., Any], site: Site, limit: float) -> None:
        self.limit = limit
        self.site = site
        self.barrier = make(site.parties, self._act if site.actions else None)
        self.log: list[Entry] = []
        self.numbers: dict[int, int] = {}
        """The number of each thread that waits, by its identity."""
        self.is_calm = False
        """Whether the action just returns."""
        self.judge: Judge | Blind = Blind(site.parties)
        self._is_observed = site.is_observed and hasattr(self.barrier, "_observer")
        self._told = self._now()
        if self._is_observed:
            self.judge = Judge(site.parties, bool(site.actions))
            self.barrier._observer = self._see
        self._behaviours = cycle(site.actions)
        cls = type(self.barrier)
        self._entries = {cls.wait.__code__, cls.abort.__code__, cls.reset.__code__}
        self._files = {code.co_filename for code in (*self._entries, step.__code__)}

    def is_inside(self, frame: FrameType | None) -> bool:
        """Return whether a thread is in the barrier's code, or the action's, and may be disturbed.

        It may not between a step and the end of telling the log of it, which is no part of the
        barrier: the log would be wrong.
        """
        code = None if frame is None else frame.f_code
        is_ours = code is not None and code.co_filename in self._files
        if not (is_ours or code is Ground._act.__code__) or self._told != self._now():
            return False
        while frame is not None and frame.f_code not in self._entries:
            frame = frame.f_back
        return frame is not None

    def _see(self, taken: tuple[Row, Any]) -> None:
        self.log.append(Stepped(self.numbers.get(get_ident()), *taken))
        self._told = self._now()

    def _now(self) -> State | None:
        """Return the barrier's state, if it has one."""
        state: State | None = self.barrier._state if self._is_observed else None
        return state

    def _act(self) -> None:
        number = self.numbers[get_ident()]
        self.log.append(Acts(number))
        does = "return" if self.is_calm else next(self._behaviours)
        if does == "slow":
            time.sleep(0.0005)
        elif does == "raise":
            raise ActionError
        elif does != "return":
            getattr(self.barrier, does)()
        self.log.append(Acted(number))

    def call(self, number: int, timeout: float | None = None) -> int | BaseException:
        """Call ``wait()`` in the current thread; return what it returned or raised."""
        self.log.append(Called(number, timeout is not None))
        came: int | BaseException
        try:
            came = self.barrier.wait(timeout)
        except BaseException as error:
            came = error.with_traceback(None)
        self.log.append(Left(number, came))
        return came

    def replay(self) -> bool:
        """Let the judge see what is new; return whether anything was."""
        entries = self.log[:]
        del self.log[: len(entries)]
        self.judge.feed(entries)
        return bool(entries)


class Round:
    """One round: runs a plan, and finds out what is wrong.

    The main thread and the others follow their programs. The conductor, a thread as well, ends
    waits that nothing else would end, resets the barrier, lets the threads cross it once more, and
    notices when a thread is stuck.
    """

    def __init__(self, ground: Ground, plan: Plan) -> None:
        self.ground = ground
        self.plan = plan
        self.problem: str | None = None
        self.shot: Counter[str] = Counter()
        self._error: str | None = None
        """What ``abort()`` or ``reset()`` raised."""
        self._shots: list[Shot] = []
        self._failed = threading.Event()
        self._mended = threading.Event()
        self._main_is_out = threading.Event()
        self._busy = set(range(len(plan.programs)))
        """The threads that have something left to do."""
        self._ended = threading.Event()
        self._lock = threading.Lock()
        self._crossed: list[int | BaseException] = []

    def run(self) -> None:
        """Run it; ``problem`` says what was wrong."""
        self.ground.numbers.clear()
        self.ground.is_calm = False
        before = sys.getswitchinterval()
        sys.setswitchinterval(self.plan.switch_interval)
        try:
            for number in range(1, len(self.plan.programs)):
                threading.Thread(target=self._work, args=(number,), daemon=True).start()
            conductor = threading.Thread(target=self._conduct, daemon=True)
            conductor.start()
            self._work(0)
            self._main_is_out.set()
            conductor.join()
        finally:
            sys.setswitchinterval(before)

    def on_alarm(self, frame: FrameType | None) -> None:
        """Do as the plan says: in the main thread, by a signal handler."""
        if self._failed.is_set():
            if self.ground.is_inside(frame):
                raise StuckError("the main thread is stuck")
        elif self._shots and not self.ground.is_inside(frame):
            signal.setitimer(signal.ITIMER_REAL, _AGAIN)
        elif self._shots:
            does = self._shots.pop(0).does
            self.shot[does] += 1
            if self._shots:
                signal.setitimer(signal.ITIMER_REAL, self._shots[0].delay)
            if does == "raise":
                raise Interruption
            getattr(self.ground.barrier, does)()

    def _work(self, number: int) -> None:
        """Follow a program; then, with as many as there are parties, cross the barrier."""
        self.ground.numbers[get_ident()] = number
        for do in self.plan.programs[number]:
            if self._failed.is_set():
                return
            if do.shots:
                self._shots = list(do.shots)
                signal.setitimer(signal.ITIMER_REAL, do.shots[0].delay)
            self._do(number, do)
            if do.shots:
                self._shots = []
        self._leave(number)
        self._mended.wait()
        if number < self.ground.site.parties and not self._failed.is_set():
            self._crossed.append(self.ground.call(number))
            self._leave(number)

    def _do(self, number: int, do: Do) -> None:
        what = do.what
        if what == "wait":
            came = self.ground.call(number, do.timeout)
            if not (do.mends and isinstance(came, BrokenBarrierError)):
                return
            what = "reset"
        try:
            getattr(self.ground.barrier, what)()
        except (Interruption, StuckError):
            pass
        except RuntimeError as error:
            self._error = f"{what}() raised {error!r}"

    def _leave(self, number: int) -> None:
        with self._lock:
            self._busy.discard(number)
            if not self._busy:
                self._ended.set()

    def _conduct(self) -> None:
        ground = self.ground
        try:
            self._await_threads(ends_waits=True)
            ground.is_calm = True
            Task(ground.barrier.reset, "reset()", ground.limit).result()
            self._ended.clear()
            self._busy |= set(range(ground.site.parties))
            self._mended.set()
            self._await_threads(ends_waits=False)
            self._check_end()
        except (StuckError, AssertionError, RuntimeError) as error:
            self.problem = str(error) or repr(error)
            self._give_up()

    def _await_threads(self, *, ends_waits: bool) -> None:
        """Return when no thread has anything left to do."""
        ground, judge = self.ground, self.ground.judge
        since = time.monotonic()
        while True:
            self._ended.wait(judge.patience)
            with self._lock:
                busy = set(self._busy)
            went_on = ground.replay()
            problem = judge.problem or self._error
            assert problem is None, problem
            if not busy:
                return
            if went_on:
                since = time.monotonic()
            elif time.monotonic() - since > ground.limit:
                raise StuckError("\n".join(["stuck", *map(self._where, sorted(busy))]))
            elif ends_waits and all(judge.stays(number) for number in busy):
                Task(ground.barrier.abort, "abort()", ground.limit).result()

    def _where(self, number: int) -> str:
        """Return where a thread is, and where it should be."""
        identity = {n: i for i, n in self.ground.numbers.items()}.get(number, 0)
        frame = sys._current_frames().get(identity)
        lines = "".join(traceback.format_stack(frame)[-3:]) if frame else ""
        return f"{self.ground.judge.where(number)}\n{lines}"

    def _check_end(self) -> None:
        barrier, parties = self.ground.barrier, self.ground.site.parties
        came = sorted(self._crossed, key=repr)
        assert came == sorted(range(parties), key=repr), f"the last crossing: {came}"
        found = (barrier.n_waiting, barrier.broken)
        assert found == (0, False), f"a crossing leaves {barrier!r}"

    def _give_up(self) -> None:
        """Let as many threads end as can be helped."""
        self._failed.set()
        self._mended.set()
        while not self._main_is_out.wait(_PAUSE):
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGALRM)
        with suppress(StuckError, RuntimeError):
            Task(self.ground.barrier.abort, "abort()", _PAUSE).result()


def storm(
    make: Callable[..., Any],
    seconds: float,
    *,
    seed: int = 0,
    first: int = 0,
    limit: float = 10.0,
    most: int = 10,
) -> Report:
    """Run rounds until the time is up, in the main thread.

    Parameters: ``make``, which barrier; ``seed``, of the plans; ``first``, the round to begin with;
    ``limit``, seconds after which a thread is held to be stuck; ``most``, after how many failures
    to end.
    """
    report = Report()
    begin = time.monotonic()
    rounds: list[Round] = []
    before = signal.signal(signal.SIGALRM, lambda _, frame: rounds[-1].on_alarm(frame))
    start = first - first % ROUNDS
    try:
        while time.monotonic() - begin < seconds and len(report.failures) < most:
            site = Site.plan(_random("site", seed, start))
            ground = Ground(make, site, limit)
            for number in range(start, start + ROUNDS):
                rounds[:] = [Round(ground, Plan.make(_random(seed, number), site.parties))]
                rounds[0].run()
                report.rounds += 1
                report.counts += rounds[0].shot
                if (problem := rounds[0].problem) is not None:
                    report.failures.append(f"seed {seed}, round {number}, {site}: {problem}")
                    break
            report.counts += ground.judge.taken
            start += ROUNDS
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    report.seconds = time.monotonic() - begin
    return report


def _random(*seeds: object) -> Random:
    return Random(repr(seeds))  # noqa: S311


def barriers() -> dict[str, Callable[[], Callable[..., Any]]]:
    """Return what loads each barrier, by name; a fault's stands for the barrier that has it."""
    return {
        "verified_barrier.Barrier": lambda: verified_barrier.barrier.Barrier,
        "threading.Barrier": lambda: threading.Barrier,
    } | {fault.name: partial(_faulty, fault) for fault in FAULTS}


def _faulty(fault: Fault) -> Callable[..., Any]:
    module = ModuleType("faulty")
    exec(compile(faulty_text(fault), f"{fault.name}.py", "exec"), module.__dict__)  # noqa: S102
    make: Callable[..., Any] = module.Barrier
    return make


def main() -> int:
    """Run the storm, and print the report; return 1 if anything failed."""
    parser = argparse.ArgumentParser(description="Use a barrier as roughly as can be.")
    parser.add_argument("--seconds", type=float, default=60.0, help="how long")
    parser.add_argument("--seed", type=int, default=0, help="what the plans are made from")
    parser.add_argument("--first", type=int, default=0, help="the round to begin with")
    parser.add_argument("--limit", type=float, default=10.0, help="seconds: then it is stuck")
    parser.add_argument("--most", type=int, default=10, help="after how many failures to end")
    parser.add_argument("--barrier", default="verified_barrier.Barrier", choices=barriers())
    args = parser.parse_args()
    print(f"{platform.python_implementation()} {platform.python_version()}, {args.barrier}")
    faulthandler.dump_traceback_later(args.seconds + 3 * args.limit + 60, exit=True)
    make = barriers()[args.barrier]()
    report = storm(
        make, args.seconds, seed=args.seed, first=args.first, limit=args.limit, most=args.most
    )
    print(report, flush=True)
    return 1 if report.failures else 0


if __name__ == "__main__":
    sys.exit(main())
