"""Faults that are declared here and nowhere else."""

from __future__ import annotations

from typing import Any

from mutants.faults import Edit, Fault, Kind, fault

__all__ = ["declared"]

_SPEC = "spec/Barrier.tla"
_STEP = "src/verified_barrier/machine.py"
_SHELL = "src/verified_barrier/barrier.py"
_TOOLS = "src/verified_barrier/verification"


def declared() -> list[Fault]:
    """Return them all."""
    return [*_SPECIFICATION, *_PURE_STEP, *_OF_SHELL, *_HAZARDS, *_OF_TOOLS]


def _spec(name: str, old: str, new: str, **more: Any) -> Fault:
    return fault(name, Kind.SPECIFICATION, _SPEC, old, new, **more)


def _step(name: str, old: str, new: str, **more: Any) -> Fault:
    return fault(name, Kind.STEP, _STEP, old, new, **more)


def _shell(name: str, old: str, new: str, **more: Any) -> Fault:
    return fault(name, Kind.SHELL, _SHELL, old, new, **more)


def _tool(name: str, file: str, old: str, new: str) -> Fault:
    path = file if file.startswith(("src/", "models/", "tests/")) else f"{_TOOLS}/{file}"
    return fault(name, Kind.TOOL, path, old, new)


_SPECIFICATION = [
    _spec(
        "call that is held only in TRIPPING",
        '/\\ phase \\in {"TRIPPING", "RESETTING"} /\\ pc[t] = "CALLING"',
        '/\\ phase = "TRIPPING" /\\ pc[t] = "CALLING"',
    ),
    _spec(
        "timeout that cuts the action short",
        '/\\ phase = "FILLING" /\\ pc[t] = "WAITING"',
        '/\\ phase \\in {"FILLING", "TRIPPING"} /\\ pc[t] = "WAITING"',
    ),
    _spec(
        "action that raises, and releases",
        """    /\\ outcome' = [Given("BROKEN") EXCEPT ![t] = NoOutcome]
    /\\ index'   = Forgotten

\\* The action raises after a reset""",
        """    /\\ outcome' = [Given("RELEASED") EXCEPT ![t] = NoOutcome]
    /\\ UNCHANGED index

\\* The action raises after a reset""",
    ),
    _spec(
        "abort that ends the action",
        '/\\ phase = "TRIPPING"\n    /\\ phase\'   = "BREAKING"',
        '/\\ phase = "TRIPPING"\n    /\\ phase\'   = "BROKEN"',
    ),
    _spec(
        "reset that strands the waiters",
        """    /\\ pc'      = Woken
    /\\ outcome' = Given("RESET")
    /\\ index'   = Forgotten
    /\\ UNCHANGED phase""",
        """    /\\ outcome' = Given("RESET")
    /\\ index'   = Forgotten
    /\\ UNCHANGED <<phase, pc>>""",
    ),
    _spec(
        "reset that mends nothing",
        '/\\ phase = "BROKEN"\n    /\\ phase\' = "FILLING"',
        '/\\ phase = "BROKEN"\n    /\\ phase\' = "BROKEN"',
    ),
    _spec("action that Next leaves out", "    \\/ ResetBreaking\n", ""),
    _spec(
        "last arrival that gets the first index",
        """    /\\ outcome' = [Given("RELEASED") EXCEPT ![t] = "RELEASED"]
    /\\ index'   = [index EXCEPT ![t] = arrived]""",
        """    /\\ outcome' = [Given("RELEASED") EXCEPT ![t] = "RELEASED"]
    /\\ index'   = [index EXCEPT ![t] = 0]""",
    ),
    _spec(
        "waiters whose indices count backwards",
        """    /\\ pc'      = [pc EXCEPT ![t] = "WAITING"]
    /\\ index'   = [index EXCEPT ![t] = arrived]
    /\\ UNCHANGED <<phase, outcome>>""",
        """    /\\ pc'      = [pc EXCEPT ![t] = "WAITING"]
    /\\ index'   = [index EXCEPT ![t] = Parties - 2 - arrived]
    /\\ UNCHANGED <<phase, outcome>>""",
    ),
    _spec(
        "tripper that leaves before its outcome is forgotten",
        "/\\ pc'      = [pc EXCEPT ![t] = \"OUTSIDE\"]\n    /\\ outcome' = [outcome EXCEPT ![t] = "
        "NoOutcome]\n    /\\ index'   = [index EXCEPT ![t] = NoIndex]",
        "/\\ pc'      = [pc EXCEPT ![t] = \"OUTSIDE\"]\n    /\\ outcome' = outcome\n"
        "    /\\ index'   = [index EXCEPT ![t] = NoIndex]",
    ),
    _spec(
        "moving up that concerns equal places, too",
        "index[u] > index[t] -> index[u] - 1",
        "index[u] >= index[t] -> index[u] - 1",
        equivalent="t itself is dealt with in the case before, and no two waiters share a place",
    ),
    _spec("TypeOK that knows no phase", "    /\\ phase   \\in Phases\n", ""),
    _spec("BrokenRefuses that never applies", "[][IsBroken =>", "[][FALSE =>"),
    _spec(
        "ArrivedCount that forgives one too many",
        "    arrived = Cardinality({t",
        "    arrived \\in 0 .. 1 + Cardinality({t",
    ),
    fault(
        "NoEarlyRelease that only bounds from above",
        Kind.SPECIFICATION,
        "spec/BarrierHistory.tla",
        "r.arrivals = Parties",
        "r.arrivals <= Parties",
    ),
    fault(
        "OneOutcome of nobody",
        Kind.SPECIFICATION,
        "spec/BarrierHistory.tla",
        "Together(t, u) == joined[t] = joined[u] /\\ joined[t] # 0",
        "Together(t, u) == joined[t] = joined[u] /\\ joined[t] = 0",
    ),
    fault(
        "HeldArrives that is true of all",
        Kind.SPECIFICATION,
        "spec/BarrierLiveness.tla",
        'pc[t] = "HELD" ~> pc[t] # "HELD"',
        'pc[t] = "HELD" ~> pc[t] \\in Locations',
    ),
]

_PURE_STEP = [
    _step(
        "one arrival too many", "state.arrived + 1 == parties, has", "state.arrived == parties, has"
    ),
    _step(
        "one arrival too few",
        "state.arrived + 1 == parties, has",
        "state.arrived + 2 == parties, has",
    ),
    _step(
        "last arrival, or one after it",
        "state.arrived + 1 == parties, has",
        "state.arrived + 1 >= parties, has",
        equivalent="there are as many arrivals as parties in TRIPPING alone, where no row asks "
        "whether an arrival is the last",
    ),
    _step(
        "action that is forgotten",
        "== parties, has_action)\n    if row",
        "== parties, False)\n    if row",
    ),
    _step(
        "outcome that leaves the count",
        "state.arrived + row.arrived if row.outcome is None else 0",
        "state.arrived + row.arrived",
    ),
    _step(
        "count that is set instead of changed",
        "state.arrived + row.arrived if row.outcome",
        "row.arrived if row.outcome",
    ),
    _step(
        "phase that never stays",
        "state.phase if row.phase is None else row.phase",
        "Phase.FILLING if row.phase is None else row.phase",
    ),
    _step("impossible event that empties", "return Step(state, None)", "return Step(EMPTY, None)"),
    _step(
        "step without an outcome",
        "return None if self.row is None else self.row.outcome",
        "return None",
    ),
    _step(
        "valid state with one arrival too many",
        "0 <= state.arrived < parties",
        "0 <= state.arrived <= parties",
    ),
    _step(
        "waiter that there is not",
        "state.arrived > (1 if state.phase.is_acting else 0)",
        "state.arrived >= (1 if state.phase.is_acting else 0)",
    ),
]

_OF_SHELL = [
    _shell(
        "timeout that only withdraws",
        "self._take(Event.TIMEOUT, call)",
        "self._take(Event.WITHDRAW, call)",
    ),
    _shell(
        "indices that count backwards",
        "place = generation.calls.index(call)",
        "place = self._parties - 2 - generation.calls.index(call)",
    ),
    _shell("tripper that gets the first index", "place = self._parties - 1", "place = 0"),
    _shell(
        "refused call that returns",
        "if location is _LEAVING or (",
        "if location in (_LEAVING, _OUTSIDE) or (",
    ),
    _shell(
        "arrival before what is due",
        "and self._observer is None and not self._left:",
        "and self._observer is None:",
        equivalent="such an arrival wakes nobody: it does the same before a withdrawal that is due "
        "and after it, and whoever might complete the generation comes after what is due",
    ),
    _shell(
        "arrival that overlooks a handler's change",
        "unchanged = self._state is state and self._generation is generation",
        "unchanged = self._state is not None",
    ),
    _shell(
        "step that overlooks a handler's change",
        "if self._state is state and self._generation is generation and self._held is held:",
        "if self._state is not None:",
    ),
    _shell(
        "properties that show what is due",
        "if self._left:\n            self._make_up()\n        return State(",
        "return State(",
    ),
    _shell(
        "held calls that are kept after they were woken",
        "following_held, woken = _Generation(), [*woken, *held.calls]",
        "woken = [*woken, *held.calls]",
    ),
    _shell("held calls woken instead of waiters", "[*woken, *held.calls]", "held.calls"),
    _shell(
        "action that is over and still there",
        "            self._acting = None\n",
        "            pass\n",
    ),
    _shell("only ordinary errors withdraw a call", "except BaseException:", "except Exception:"),
    _shell(
        "time limit below zero",
        "min(max(0.0, deadline - monotonic()), TIMEOUT_MAX)",
        "min(deadline - monotonic(), TIMEOUT_MAX)",
    ),
    _shell("no parties at all", "if parties < 1:", "if parties < 0:"),
    _shell(
        "default time limit that is ignored",
        "            timeout = self._timeout\n",
        "            pass\n",
    ),
    _shell(
        "steps that nobody is told of",
        "effects = chain(map(self._observer, ((edge.row, call),)), effects)",
        "effects = chain((), effects)",
    ),
    _shell(
        "barriers that are kept for ever",
        "_barriers: WeakValueDictionary[int, Barrier] = WeakValueDictionary()",
        "_barriers: dict[int, Barrier] = {}",
    ),
    _shell(
        "child process in which a broken barrier is whole",
        "State(Phase.BROKEN, 0) if phase.is_broken else EMPTY",
        "EMPTY",
    ),
    _shell(
        "tripper that does not ask for its action",
        "if location is _ACTING and self._action is not None:",
        "if location is _ACTING:",
        equivalent="only a barrier with an action has a tripper that acts: the second half is "
        "there for the type checker",
    ),
]


def _hazard(name: str, *edits: tuple[str, str]) -> Fault:
    return Fault(name, Kind.CPYTHON, tuple(Edit(_SHELL, *edit) for edit in edits))


_HAZARDS = [
    _hazard(
        "unique-index: the index is taken at the arrival",
        (
            "                if deadline is None:\n                    call.acquire()",
            "                place = generation.calls.index(call)\n"
            "                if deadline is None:\n                    call.acquire()",
        ),
        (
            "                place = generation.calls.index(call)\n            else:",
            "            else:",
        ),
    ),
    _hazard(
        "one-outcome: an abort reaches those who were released",
        ("generation.outcome is _RELEASED)", "self._state.phase.is_broken is False)"),
    ),
    _hazard(
        "open-action: wait() by the action waits for itself",
        ("if self._acting is not None and self._tripper == get_ident():", "if False:"),
    ),
    _hazard(
        "timed-call: the clock starts when the call has got in",
        (
            "deadline = None if timeout is None else _seconds(timeout) + monotonic()",
            "seconds = None if timeout is None else _seconds(timeout)",
        ),
        (
            "            if location is _WAITING:\n                if deadline is None:",
            "            if location is _WAITING:\n"
            "                deadline = None if seconds is None else seconds + monotonic()\n"
            "                if deadline is None:",
        ),
    ),
    _hazard("timed-call: nan is let in", ("if seconds != seconds:", "if False:")),
    _hazard(
        "timed-call: more than a lock can wait is let in",
        ("if seconds > TIMEOUT_MAX:", "if False:"),
    ),
    _hazard(
        "checked-arguments: parties of any type",
        ("parties = index(parties)", "parties = parties + 0"),
    ),
    _hazard(
        "checked-arguments: an action that cannot be called",
        ("if action is not None and not callable(action):", "if False:"),
    ),
    _hazard(
        "checked-arguments: an action that is false is skipped",
        ("self._action = action\n", "self._action = action or None\n"),
    ),
    _hazard("no-copy: a copy shares the lock", ("def __reduce__(self)", "def _reduce(self)")),
    _hazard(
        "a child process has the parent's waiters",
        ("os.register_at_fork(after_in_child=_begin_all)", "pass"),
    ),
    _hazard("an error of its own", ("raise BrokenBarrierError\n", "raise RuntimeError\n")),
]

_OF_TOOLS = [
    _tool(
        "enumerator that drops an edge",
        "model.py",
        "            edges.add(edge)\n",
        "            if edge.action != 'ResetAgain':\n                edges.add(edge)\n",
    ),
    _tool(
        "enumerator that moves nobody up",
        "model.py",
        "if row.event is Event.WITHDRAW:",
        "if False:",
    ),
    _tool(
        "comparer that compares nothing", "graph.py", "    return first or [", "    return [] and ["
    ),
    _tool(
        "comparer that overlooks what only the specification does",
        "graph.py",
        "only_specified = specified.edges - tabled.edges",
        "only_specified: frozenset[Edge] = frozenset()",
    ),
    _tool(
        "reader that skips what it does not know",
        "graph.py",
        'elif "[label=" in line:',
        "elif False:",
    ),
    _tool("reader that guesses the thread", "graph.py", "if len(movers) > 1:", "if False:"),
    _tool(
        "TLC wrapper that ignores the exit code",
        "tlc.py",
        "if exit_code == its_exit_code:",
        "if its_exit_code is not None:",
    ),
    _tool(
        "TLC wrapper that ignores the messages",
        "tlc.py",
        "if any(code == _SUCCESS for code, _ in messages):",
        "if exit_code == 0:",
    ),
    _tool(
        "TLC wrapper to which no time left is success",
        "tlc.py",
        "        finding = Finding.TIMED_OUT\n",
        "        finding = Finding.HOLDS\n",
    ),
    _tool(
        "TLC wrapper that takes any jar",
        "tlc.py",
        "if checksum != BUNDLED_JAR_SHA256:",
        "if False:",
    ),
    _tool(
        "check that compares no figures",
        "check.py",
        "        if said is not None and said != found\n    ]",
        "        if False\n    ]",
    ),
    _tool(
        "check to which any violation will do",
        "check.py",
        "if violated != model.violates:",
        "if (violated is None) != (model.violates is None):",
    ),
    _tool(
        "check of names in any order",
        "check.py",
        "if specified == tabled:",
        "if sorted(specified) == sorted(tabled):",
    ),
    _tool(
        "check that forgives what CrossHair cannot decide",
        "check.py",
        "failed = [c for c in contracts if not c.confirmed]",
        'failed = [c for c in contracts if c.verdict.startswith("false")]',
    ),
    _tool(
        "check that has nothing to confirm",
        "check.py",
        "if not any(contract.module == module for contract in contracts):",
        "if contracts is None:",
    ),
    _tool(
        "check that calls what is incomplete as expected",
        "check_command.py",
        "return EXIT_INCOMPLETE if",
        "return EXIT_AS_EXPECTED if",
    ),
    _tool("cache that forgets the modules", "check.py", '        "modules": read,\n', ""),
    _tool("cache that forgets the jar", "tlc.py", '"jar": jar, ', ""),
    _tool("cache that forgets the Python", "cache.py", "sys.version, sources, ", "sys.version, "),
    _tool(
        "cache that believes what is damaged",
        "cache.py",
        'if entry["checksum"] != _hash(report):',
        "if False:",
    ),
    _tool(
        "cache that remembers what has failed",
        "cache.py",
        "if report.verdict is not Verdict.AS_EXPECTED:",
        "if False:",
    ),
    _tool(
        "cache that is used in spite of --no-cache",
        "check_command.py",
        "None if options.no_cache else cache_folder()",
        "cache_folder()",
    ),
    _tool(
        "console to which what is remembered has been run",
        "console.py",
        "return _REMEMBERED if report.remembered else report.verdict.value",
        "return report.verdict.value",
    ),
    _tool(
        "artifacts that are written over others", "files.py", "if any(path.iterdir()):", "if False:"
    ),
    _tool(
        "command that a second signal keeps from clearing up",
        "processes.py",
        "            signals.ignore()\n            _ending",
        "            _ending",
    ),
    _tool(
        "command that a signal at the wrong moment does not end",
        "processes.py",
        "wait([future], timeout=_LOOK_AGAIN)",
        "wait([future])",
    ),
    _tool(
        "command that a signal ends while work begins",
        "processes.py",
        "            with signals.held():\n                return",
        "            if function:\n                return",
    ),
    _tool(
        "contract that is always confirmed",
        "contracts.py",
        "return self.verdict == _CONFIRMED",
        "return True",
    ),
    _tool(
        "contract of which silence is consent",
        "contracts.py",
        "line), silence))",
        "line), _CONFIRMED))",
    ),
    _tool(
        "manifest that drops what stands in for an action",
        "manifest.py",
        """        *(f"    {action} <- {other}" for action, other in """
        """entry.get("replace", {}).items()),
""",
        "",
    ),
    _tool(
        "manifest that lets a model check nothing",
        "manifest.py",
        "    if not properties:\n",
        "    if properties is None:\n",
    ),
    _tool(
        "model that leaves a property out",
        "models/history.cfg",
        "INVARIANTS UniqueIndex OneOutcome",
        "INVARIANTS UniqueIndex",
    ),
    _tool(
        "comparison of behaviours in one direction",
        "behaviours.py",
        "if here.keys() != there.keys():",
        "if here.keys() - there.keys():",
    ),
    _tool(
        "comparison of behaviours that sees nobody rest",
        "behaviours.py",
        "if state not in busy:",
        "if False:",
    ),
    _tool(
        "historian that never objects",
        "properties.py",
        "return [name for name, holds in PROPERTIES.items() if not holds(self)]",
        "return []",
    ),
    _tool(
        "trace validation that accepts everything",
        "traces/validation.py",
        "return Judged(trace, stuck is None, stuck, tuple(actions))",
        "return Judged(trace, True, stuck, tuple(actions))",
    ),
    _tool(
        "trace validation that asks TLC in vain",
        "traces/validation.py",
        "if place != reached - 1:",
        "if False:",
    ),
    _tool(
        "trace validation without time that accepts",
        "traces/validation.py",
        "return Judged(trace, None)",
        "return Judged(trace, True)",
    ),
    _tool(
        "recording that forgets what was raised",
        "traces/recording.py",
        '        self._notes.append(("end", call, TraceEvent("Raised", error=name, by=by)))\n',
        "",
    ),
    _tool(
        "translator that drops a conjunct",
        "proof/smt.py",
        '"$ConjList": World.both,',
        '"$ConjList": lambda world, *parts: world.both(*parts[: max(1, len(parts) - 1)]),',
    ),
    _tool(
        "translator to which UNCHANGED says nothing",
        "proof/smt.py",
        "return self.world.equal(after, self.read(node.operands[0], moment, names))",
        "return self.world.equal(after, after)",
    ),
    _tool(
        "prover to which anything but a counterexample is a proof",
        "proof/instances.py",
        "self._solver.check() == z3.unsat",
        "self._solver.check() != z3.sat",
    ),
    _tool(
        "proof that overlooks what is unknown",
        "proof/proving.py",
        "unknown = [one for one in obligations if one.status is Status.UNKNOWN]",
        "unknown: list[Obligation] = []",
    ),
    _tool(
        "proof of actions that never happen",
        "proof/proving.py",
        "never = [step for step, can in happens.items() if not can]",
        "never: list[str] = []",
    ),
    _tool(
        "proof whose historian may forbid a step",
        "proof/shape.py",
        "    _check_historian(module)\n",
        "",
    ),
    _tool(
        "refinement to which anything but a counterexample is a proof",
        "proof/prover.py",
        "solver.check() == z3.unsat",
        "solver.check() != z3.sat",
    ),
    _tool(
        "refinement of which what is not proved is overlooked",
        "proof/proving.py",
        "unknown = [one for one in obligations if one.status is not Status.PROVED]",
        "unknown: list[Obligation] = []",
    ),
    _tool(
        "oracle that always agrees",
        "tests/scheduler/oracle.py",
        "    def _wrong(self, what: str) -> None:\n        if self.problem is None:",
        "    def _wrong(self, what: str) -> None:\n        if self.problem is not None:",
    ),
    _tool(
        "oracle that overlooks who is stuck",
        "tests/scheduler/oracle.py",
        "if is_inside or location is not Location.WAITING or possible - _NOT_BY_ITSELF:",
        "if False:",
    ),
    _tool(
        "oracle to which any guess is as good",
        "tests/scheduler/behaviour.py",
        '''        return f"{' and '.join(names)} stuck, where the model goes on"''',
        "        return None if names else None",
    ),
    _tool(
        "search that reverses no race",
        "tests/scheduler/dpor.py",
        "                self._want(self.nodes[first], order.reversal(first, *others))\n",
        "                order.reversal(first, *others)\n",
    ),
    _tool(
        "search that passes before its end",
        "tests/scheduler/search.py",
        "            result.verdict = Verdict.PASS\n            return result\n    return result\n",
        "            break\n    result.verdict = Verdict.PASS\n    return result\n",
    ),
    _tool(
        "lock that is always free",
        "tests/scheduler/primitives.py",
        "    def _is_free(self) -> bool:\n        return self.owner is None",
        "    def _is_free(self) -> bool:\n        return True",
    ),
    _tool(
        "judge of the storm that finds nothing",
        "tests/barrier/judge.py",
        "        if self.problem is None:\n            self.problem = what",
        "        if self.problem is not None:\n            self.problem = what",
    ),
]
