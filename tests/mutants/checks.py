"""The checks that are to notice a fault, as data.

A check is a technique: a sequence of commands, the cheapest first, that are run in a copy of the
project until one notices something. Each is as small as it can be and still tells a right barrier
from the wrong ones of the gallery, so that all faults can be tried within the hour.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass

from mutants.faults import Fault

__all__ = ["CHECKS", "Check", "Command"]


@dataclass(frozen=True)
class Command:
    """A command, and what it depends on."""

    arguments: tuple[str, ...]
    """What follows ``python -m``; ``{cache}`` is a folder that outlives it."""
    reads: tuple[str, ...]
    """How the files begin that it depends on."""
    timeout: float = 300.0
    """Seconds: many times what it takes, for the machine may have other things to do."""

    def concerns(self, fault: Fault) -> bool:
        """Return whether it depends on what a fault changes."""
        return any(file.startswith(self.reads) for file in fault.files)


@dataclass(frozen=True)
class Check:
    """A technique, under the name that the matrix has for it."""

    name: str
    shows: str
    blind: str
    """What it cannot see, by its nature."""
    commands: tuple[Command, ...]


_LIBRARY = "src/verified_barrier/"
_VERIFICATION = f"{_LIBRARY}verification/"
_MACHINE = (f"{_LIBRARY}table.py", f"{_LIBRARY}machine.py")
_PURE = (*_MACHINE, f"{_VERIFICATION}model.py", f"{_VERIFICATION}properties.py")
_SHELL = (*_MACHINE, f"{_LIBRARY}barrier.py")
_SCHEDULER = (*_SHELL, *_PURE, "tests/scheduler/")
_SPEC = ("spec/Barrier.tla", "models/safety")
_HISTORY = ("spec/Barrier.tla", "spec/BarrierHistory.tla", "models/history")
_LIVENESS = ("spec/Barrier.tla", "spec/BarrierLiveness.tla")
_CPYTHON = ("spec/CPython",)
_CHECKER = tuple(f"{_VERIFICATION}{name}.py" for name in ("check", "tlc", "manifest"))
_COMPARER = (f"{_VERIFICATION}graph.py", *_CHECKER)
_PROOF = ("spec/Barrier.tla", "spec/BarrierHistory.tla", f"{_VERIFICATION}proof/")
_TRACES = ("spec/Barrier.tla", "spec/BarrierTrace.tla", f"{_VERIFICATION}traces/")

_STUCK = 40
"""Seconds after which a test is held to be stuck in which threads might wait for ever."""


def _chain(names: str, *reads: str) -> Command:
    return Command(("mutants.chain", *names.split()), reads)


def _pytest(tests: str, *reads: str, only: str = "", seconds: int = 200) -> Command:
    options = ("-q", "-x", "-rfE", "--tb=line", "-p", "no:cacheprovider")
    limits = (f"--timeout={seconds}", "--hypothesis-profile=unshrunk")
    keywords = ("-k", only) if only else ()
    return Command(("pytest", *tests.split(), *options, *limits, *keywords), reads)


_UNIT_TESTS = Check(
    "unit tests",
    "the tests of the table, of the pure step and of the barrier",
    "interleavings that do not come about by chance, and cases that nobody thought of",
    (
        _pytest(
            "tests/table/test_table.py tests/machine",
            *_PURE,
            only="not random_runs and not step_leads and not abort_breaks and not wrong_table",
        ),
        _pytest(
            "tests/barrier/test_generic.py tests/barrier/test_deviations.py "
            "tests/barrier/test_cyclic_barrier.py tests/barrier/test_surroundings.py "
            "tests/barrier/test_signals.py",
            *_SHELL,
            only="not threading and not handler_may",
            seconds=_STUCK,
        ),
    ),
)

_GRAPH = Check(
    "graph equality",
    "TLC's graphs of five models for 1 to 3 parties are the table's",
    "what the specification and the table have wrong alike, and the shell",
    (
        _chain("table/names", "spec/Barrier.tla", *_PURE, *_CHECKER),
        _chain(
            "safety/2-parties-2-threads-action safety/2-parties-2-threads "
            "safety/1-party-2-threads-action safety/2-parties-3-threads-action "
            "safety/3-parties-3-threads",
            *_SPEC,
            *_PURE,
        ),
        _chain("safety/2-parties-2-threads-action", *_COMPARER),
    ),
)

_TLC = Check(
    "TLC",
    "what was promised holds in small models, what must be violated is, and the figures are right",
    "what was never promised, larger numbers, and the code",
    (
        _chain(
            "history/2-parties-2-threads history/2-parties-2-threads-action "
            "history/1-party-2-threads-action history/3-parties-3-threads",
            *_HISTORY,
        ),
        _chain(
            "liveness/2-parties-2-threads-action crossing/2-parties-2-threads-action unfair-* "
            "liveness/2-parties-3-threads-action",
            *_LIVENESS,
        ),
        _chain("fault/*", *_HISTORY, "spec/BarrierFaults.tla"),
        _chain("fault/misspelt-phase unfair-exit/*", *_CHECKER),
        _chain(
            "same-as-cpython/2-parties-2-threads same-as-cpython/1-party-2-threads-action "
            "cpython-history/one-outcome cpython-at-once/no-draining",
            *_CPYTHON,
            f"{_VERIFICATION}behaviours.py",
        ),
    ),
)

_EXPLORATION = Check(
    "scheduler",
    "small scenarios in every interleaving of the real code, and two larger ones in a hundred",
    "interruptions between two scheduling points, bad arguments, and what the oracle has from the "
    "table",
    (Command(("mutants.interleavings",), _SCHEDULER),),
)

_VALIDATION = Check(
    "trace validation",
    "what was recorded of the real code is a behaviour of the specification, says TLC",
    "schedules that were not recorded, and steps that should have been taken and were not",
    (Command(("mutants.recorded", "{cache}"), (*_SCHEDULER, *_TRACES)),),
)

_CPYTHONS = Check(
    "CPython's suite",
    "CPython's own tests of its barrier",
    "where the two barriers differ on purpose, and rare interleavings",
    (
        _pytest(
            "tests/cpython/test_lock_tests.py::test_lock_tests_pass"
            f"[{sys.version_info[0]}.{sys.version_info[1]}]",
            *_SHELL,
            seconds=_STUCK,
        ),
    ),
)

_PROVED = Check(
    "proof",
    "the invariant is inductive for any number of parties; and Z3 takes TLC's steps",
    "liveness, actions that are missing, and the code",
    (
        _chain("proof/invariant", *_PROOF),
        _chain("proof/translation/2-parties-2-threads-action", f"{_VERIFICATION}proof/"),
    ),
)

_RANDOM = Check(
    "Hypothesis",
    "random states of the pure step, random runs of the model, and random programs of real threads "
    "that do what the model does",
    "what keeps every property and is not what the specification says; and, of the shell, a switch "
    "of threads where none waits",
    (
        _pytest("tests/machine", *_PURE, only="random_runs or step_leads or abort_breaks"),
        # Its locks are made for the test: nobody waits for ever.
        _pytest("tests/stateful", *_SHELL, only="model_does", seconds=100),
    ),
)

_CONTRACTS = Check(
    "CrossHair",
    "step() keeps its contract for every number of parties",
    "locations of threads, and the shell",
    (_chain("contracts/machine", *_MACHINE, f"{_VERIFICATION}contracts.py"),),
)

_INTERRUPTIONS = Check(
    "interruptions",
    "an exception or a handler at every point where CPython lets one in",
    "other situations than its twelve, and two threads at a time",
    tuple(
        _pytest(f"tests/barrier/{tests}", f"{_LIBRARY}barrier.py", only=only, seconds=_STUCK)
        for tests, only in (
            ("test_interruptions.py", "test_one_exception and not after_another"),
            ("test_interruptions.py", "after_another and waiter and not action"),
            # First where nobody else waits, who might do so for ever.
            ("test_signals.py", "handler_may and (alone or properties)"),
            ("test_signals.py", "handler_may and (waiter or tripper)"),
        )
    ),
)

_TESTS_OF_TOOLS = Check(
    "tests of the tools",
    "the tests of what the other checks are made of: each has to find known faults",
    "faults in the tools that no known fault needs",
    (
        _pytest("tests/machine", *_PURE[2:], only="wrong_table"),
        _pytest("tests/scheduler/test_litmus.py", "tests/scheduler/", only="not agree"),
        _pytest("tests/scheduler/test_primitives.py", "tests/scheduler/primitives.py"),
        _pytest("tests/scheduler/test_barrier.py", "tests/scheduler/", only="fault_is_found"),
        _pytest(
            "tests/scheduler/test_behaviour.py",
            "tests/scheduler/behaviour.py",
            only="fault_is or no-draining",
        ),
        _pytest(
            "tests/verification/test_graph.py",
            *(f"{_VERIFICATION}{name}" for name in ("graph", "model")),
            only="not small_models",
        ),
        _pytest("tests/verification/test_manifest.py", f"{_VERIFICATION}manifest", "models/"),
        _pytest(
            "tests/verification/test_tlc.py",
            f"{_VERIFICATION}tlc.py",
            only="exit_code or time_limit or bundled_jar",
        ),
        _pytest(
            "tests/verification/test_behaviours.py",
            f"{_VERIFICATION}behaviours",
            only="same or test_difference or left_out or not_understood",
        ),
        _pytest(
            "tests/verification/test_check.py",
            *(f"{_VERIFICATION}{name}" for name in ("check", "contracts", "manifest")),
            only="incomplete or as_the_manifest_says or one_by_one or without_any",
        ),
        _pytest(
            "tests/verification/test_cache.py",
            *(
                f"{_VERIFICATION}{name}.py"
                for name in ("cache", "check", "check_command", "console", "tlc")
            ),
            only="not specification_that and not at_the_same_time",
        ),
        _pytest("tests/verification/test_artifacts.py", f"{_VERIFICATION}files", only="folder"),
        _pytest(
            "tests/verification/test_processes.py",
            f"{_VERIFICATION}processes",
            only="ended or signal_that",
        ),
        _pytest("tests/table/test_mutants.py", f"{_VERIFICATION}check", only="renamed"),
        _pytest("tests/traces/test_recording.py", f"{_VERIFICATION}traces/recording"),
        _pytest(
            "tests/traces/test_validation.py",
            *(f"{_VERIFICATION}traces/{name}" for name in ("validation", "following")),
            "spec/BarrierTrace.tla",
            only="line_of or together or no_verdict",
        ),
        _pytest(
            "tests/verification/test_proof.py",
            f"{_VERIFICATION}proof/",
            only="no_time or cannot_happen or historian or facts_of",
        ),
        _pytest(
            "tests/verification/test_refinement.py",
            f"{_VERIFICATION}proof/",
            only="no_time or left_out",
        ),
        _pytest("tests/barrier/test_storm.py", "tests/barrier/judge.py", only="judge"),
    ),
)

CHECKS = (
    _UNIT_TESTS,
    _GRAPH,
    _TLC,
    _EXPLORATION,
    _VALIDATION,
    _CPYTHONS,
    _PROVED,
    _RANDOM,
    _CONTRACTS,
    _INTERRUPTIONS,
    _TESTS_OF_TOOLS,
)
"""The cheapest first: in this order they are run, and the first that notices counts as first."""
