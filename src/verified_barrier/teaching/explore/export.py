"""All that the page knows: the barriers, their graphs, and the words for them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, cast

from verified_barrier.table import Event
from verified_barrier.teaching.barriers import EXHIBITS, Challenge, Exhibit, exhibit, runs_of
from verified_barrier.teaching.explore.controls import CONTROLS, control_of, in_short, reasons
from verified_barrier.teaching.explore.excerpts import CPYTHON_EXCERPT, OUR_EXCERPT, excerpt
from verified_barrier.teaching.explore.packing import DIGITS, orders, packed
from verified_barrier.teaching.explore.phases import phase_arrows, phase_diagram, phases_of
from verified_barrier.teaching.followed import LAMPS, Followed, shortest
from verified_barrier.teaching.places import Steps, our_steps
from verified_barrier.teaching.searched import replacement_of, search_broken, search_cpython
from verified_barrier.teaching.sizes import Size, searched, sizes_in_words
from verified_barrier.verification.processes import result_of, threads
from verified_barrier.verification.resources import SPEC
from verified_barrier.verification.tlc import Tlc

__all__ = ["Graphs", "all_graphs", "export"]

Graphs = dict[str, dict[Size, Followed]]
"""The graphs of each barrier, by its key and by their sizes."""

_MOST_THREADS = 4
_MOST_RUNS = 2
"""Of TLC at a time: while they run, what they found is followed."""


def all_graphs(tlc: Tlc, timeout: float, tell: Callable[[str], None]) -> Graphs:
    """Return the graph of every barrier, in every size that is offered.

    Parameters: ``timeout``, seconds for each run of TLC; ``tell``, which is told what is
    searched.
    """
    cpythons, broken = exhibit("cpython"), [one for one in EXHIBITS if one.is_broken]
    with threads(_MOST_RUNS) as begin:
        alone = {
            size: begin(partial(search_cpython, size, tlc, timeout)) for size in cpythons.sizes
        }
        together = {
            size: begin(partial(search_broken, keys, size, tlc, timeout))
            for size in searched()
            if (keys := [one.key for one in broken if size in one.sizes])
        }

        def steps(one: Exhibit, size: Size) -> Steps:
            if one.is_ours:
                return our_steps(*size)
            if one.is_cpythons:
                return cast("Steps", result_of(alone[size]))
            return cast("Steps", result_of(together[size])[one.key])

        graphs: Graphs = {one.key: {} for one in EXHIBITS}
        wanted = [(one, size) for one in EXHIBITS for size in one.sizes]
        for number, (one, size) in enumerate(wanted, 1):
            tell(f"{number} of {len(wanted)}: {one.title}, {size}")
            graphs[one.key][size] = runs_of(one, size, steps(one, size))
        return graphs


def export(graphs: Graphs) -> dict[str, Any]:
    """Return what the page knows, as it is written into it.

    Parameters: ``graphs``, of the barriers that are to be in it.
    """
    return {
        "digits": DIGITS,
        "orders": {str(n): [list(o) for o in orders(n)] for n in range(1, _MOST_THREADS + 1)},
        "lamps": [list(lamp) for lamp in LAMPS.items()],
        "controls": [
            {
                "key": control.key,
                "label": control.label,
                "does": control.does,
                "ofThread": control.events[0] not in (Event.ABORT, Event.RESET),
            }
            for control in CONTROLS
        ],
        "barriers": [_barrier(one, graphs[one.key]) for one in EXHIBITS if one.key in graphs],
    }


def _barrier(one: Exhibit, graphs: Mapping[Size, Followed]) -> dict[str, Any]:
    events = one.events
    all_of_them = list(graphs.values())
    actions = sorted({m.action for g in all_of_them for n in g.nodes for m in n.moves})
    phases = phases_of(all_of_them)
    lines = (
        excerpt(CPYTHON_EXCERPT, numbered=False)
        if one.is_cpythons
        else excerpt(OUR_EXCERPT, numbered=True)
    )
    return {
        "key": one.key,
        "title": one.title,
        "story": one.story,
        "offered": "" if one.is_ours else _offered(one, graphs),
        "changed": _changed(one) if one.is_broken else None,
        "words": _WORDS_OF_CPYTHON if one.is_cpythons else _WORDS,
        "code": [list(line) for line in lines.lines],
        "places": lines.places,
        "phases": phases,
        "diagram": phase_diagram(phases, phase_arrows(all_of_them)),
        "actions": [[action, control_of(events[action]).key] for action in actions],
        "reasons": reasons(all_of_them, events),
        "challenges": [_challenge(challenge, graphs, events) for challenge in one.challenges],
        "sizes": {
            size.key: {"words": str(size), **packed(graph, actions, phases)}
            for size, graph in graphs.items()
        },
    }


def _offered(one: Exhibit, sizes: Iterable[Size]) -> str:
    change = "The change is in the specification; the code beside the threads is ours. "
    return (
        f"{change if one.is_broken else ''}TLC has searched this barrier, so it is here in some "
        f"sizes: {sizes_in_words(sizes)}."
    )


_WORDS = {
    "phase": "phase",
    "arrived": "arrived",
    "location": "pc",
    "source": "verified_barrier/barrier.py",
}
_WORDS_OF_CPYTHON = {
    "phase": "state",
    "arrived": "count",
    "location": "pc",
    "source": "threading.py",
}
"""The names of the variables, in either specification."""


def _challenge(
    challenge: Challenge, graphs: Mapping[Size, Followed], events: Mapping[str, Event]
) -> dict[str, Any]:
    """Return a challenge with a shortest solution for each size, or none where there is none."""
    solutions = {}
    for size, graph in graphs.items():
        run = shortest(graph, challenge.violates)
        solutions[size.key] = None if run is None else in_short(graph, events, run)
    return {
        "title": challenge.title,
        "violates": challenge.violates,
        "size": challenge.size.key,
        "solutions": solutions,
    }


def _changed(one: Exhibit) -> dict[str, str]:
    """Return the action that is replaced in a broken barrier, and what replaces it, in TLA+."""
    action, other = replacement_of(one.key)
    return {
        "action": action,
        "by": other,
        "ours": _definition("Barrier.tla", action),
        "theirs": _definition("BarrierFaults.tla", other),
    }


def _definition(module: str, name: str) -> str:
    text = (SPEC / module).read_text(encoding="utf-8")
    (found,) = re.findall(rf"^{name}(?:\(t\))? ==\n(?:    .*\n)+", text, re.MULTILINE)
    return str(found)
