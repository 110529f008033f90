"""The counterexample in TLC's output, as a run to be drawn.

TLC prints the states of a counterexample, with or without its option ``-tool``; ``verified-barrier
check --artifacts`` keeps them as JSON. The step between
two of them is looked up in the model: it need not be known what TLC calls it, and models with more
variables than ``spec/Barrier.tla`` will do. Where the model has no such step the run ends.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Final

from verified_barrier.teaching.barriers import EXHIBITS, exhibit
from verified_barrier.teaching.scenarios import trace_of
from verified_barrier.teaching.schedule import moments_of
from verified_barrier.teaching.searched import replacement_of
from verified_barrier.teaching.sequence import Moment, Run, lanes_of, run_of
from verified_barrier.teaching.words import state_words
from verified_barrier.verification.graph import GraphError, configuration, mover
from verified_barrier.verification.model import Configuration, Edge, initial, steps

__all__ = ["run_of_counterexample", "run_of_json"]

_HEAD: Final = re.compile(r"(?:State )?\d+: <(\w+).*>")
_VARIABLE: Final = re.compile(r"^/\\ (\w+) = (.*?)\s*(?=^/\\ |\Z)", re.DOTALL | re.MULTILINE)


def run_of_counterexample(text: str, parties: int, has_action: bool) -> Run:
    """Return the run that TLC's output tells.

    Parameters: ``parties`` and ``has_action``, those of the model, which TLC does not print.
    Raises ``GraphError`` where there is no counterexample, or not one of a barrier.
    """
    states = list(_states(text))
    if not states:
        raise GraphError("TLC's output has no counterexample: no line begins with 'State 1: <'")
    return _run_of(states, parties, has_action)


def run_of_json(text: str) -> Run:
    """Return the run of a counterexample that ``verified-barrier check --artifacts`` has kept.

    Raises ``GraphError`` where it is none, or not one of a barrier.
    """
    try:
        fields = json.loads(text)
        about, states = fields["constants"], fields["states"]
        found = [(state["action"] or "", configuration(state["variables"])) for state in states]
        check, violated = fields["check"], fields["violated"]
        if key := next((one.key for one in EXHIBITS if check == f"fault/{one.key}"), None):
            run = _run_of_fault(found, key, about["Parties"], about["HasAction"], violated)
        else:
            run = _run_of(found, about["Parties"], about["HasAction"])
        return replace(run, title=f"{check} breaks {violated}")
    except (ValueError, KeyError, TypeError, IndexError) as problem:
        if isinstance(problem, GraphError):
            raise
        raise GraphError(
            f"this is no counterexample of verified-barrier check --artifacts: {problem!r}"
        ) from None


def _run_of(states: Sequence[tuple[str, Configuration]], parties: int, has_action: bool) -> Run:
    now = states[0][1]
    threads = len(now.threads)
    if now != initial(threads):
        raise GraphError(f"the counterexample does not begin in the first state, but in {now}")
    edges: list[Edge] = []
    stuck = None
    for number, (label, after) in enumerate(states[1:], 2):
        if after == now:
            continue  # What has changed is not the barrier's, but the history's.
        ways = [edge for edge in steps(parties, has_action, now) if edge.target == after]
        if not ways:
            possible = ", ".join(_possible(parties, has_action, now))
            stuck = f"no step leads to state {number}, {after}; possible: {possible}"
            break
        edges.append(next((edge for edge in ways if edge.action == label), ways[0]))
        now = after
    run = run_of(trace_of(parties, has_action, edges, threads))
    return run if stuck is None else replace(run, stuck=stuck)


def _run_of_fault(
    states: Sequence[tuple[str, Configuration]],
    key: str,
    parties: int,
    has_action: bool,
    violated: str,
) -> Run:
    """Return a run of a broken barrier: what no action of the table does is its own."""
    replaced, other = replacement_of(key)
    events = exhibit(key).events
    moments: list[Moment] = []
    pairs = list(pairwise(configuration for _, configuration in states))
    for number, (before, after) in enumerate(pairs, 1):
        ways = [e for e in steps(parties, has_action, before) if e.target == after]
        edge = next(
            (e for e in ways if e.action != replaced),
            Edge(before, other, mover(before, other, after), after),
        )
        words = state_words(before.state), state_words(after.state)
        broken = (violated,) if number == len(pairs) else ()
        moments += moments_of(edge, events[edge.action], words, broken, len(moments) + 1)
    start = state_words(states[0][1].state)
    return Run("", lanes_of(moments), start, tuple(moments), None)


def _states(text: str) -> Iterator[tuple[str, Configuration]]:
    """Yield the states, each with what TLC calls the step that leads to it."""
    label = ""
    lines: list[str] = []
    for line in [*text.splitlines(), ""]:
        if head := _HEAD.fullmatch(line):
            label = head[1]
        elif label and line and not line.startswith("@!@!@"):
            lines.append(line)
        elif lines:
            yield label, configuration(dict(_VARIABLE.findall("\n".join(lines))))
            label, lines = "", []


def _possible(parties: int, has_action: bool, source: Configuration) -> Iterator[str]:
    for edge in steps(parties, has_action, source):
        yield edge.action if edge.thread is None else f"{edge.action} by t{edge.thread + 1}"
