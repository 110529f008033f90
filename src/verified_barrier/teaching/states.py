"""The state diagram: all that threads can do at a barrier, layer by layer.

A state stands for all those in which the same threads are elsewhere. Its layer is its depth: the
number of steps on a shortest way from the first state. Only moves to the next layer are drawn as
arrows; the others name the state that they lead to, because arrows that go back, past all the
layers between, would be in the way of everything else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from textwrap import wrap
from typing import Final

from verified_barrier.table import TABLE
from verified_barrier.teaching.folding import Folded, FoldedState, Move
from verified_barrier.teaching.layers import placed
from verified_barrier.teaching.phases import kind_of
from verified_barrier.teaching.svg import LINE, Drawing, width_of
from verified_barrier.verification.model import ThreadState

__all__ = ["STATE_FORMATS"]


def _title(graph: Folded) -> str:
    threads = f"{graph.threads} thread{'s' if graph.threads > 1 else ''}"
    action = "with an action" if graph.has_action else "without action"
    return f"States of {threads} at a barrier for {graph.parties}, {action}"


def _notes(graph: Folded) -> list[str]:
    moves = sum(len(move.actions) for state in graph.states.values() for move in state.moves)
    notes = [f"{len(graph.states)} states, {moves} steps; which thread is which does not count"]
    if graph.left_out:
        notes.append(f"left out: {', '.join(graph.left_out)}")
    return notes


def _phase(state: FoldedState) -> str:
    phase, arrived = state.configuration.state
    return f"{phase.value} {arrived}"


def _thread(thread: ThreadState, count: int) -> str:
    words = [str(count)] * (count > 1) + [thread.location.value]
    words += [str(thread.index)] * (thread.index is not None)
    words += ["/", thread.outcome.value] if thread.outcome is not None else []
    return " ".join(words)


def _threads(state: FoldedState) -> list[str]:
    return [_thread(thread, count) for thread, count in state.threads]


def _text(graph: Folded) -> str:
    lines = [_title(graph), *_notes(graph)]
    for depth, layer in enumerate(graph.layers):
        lines += ["", f"depth {depth}"]
        for number in layer:
            state = graph.states[number]
            lines.append(f"    s{number}  {_phase(state)}: {', '.join(_threads(state))}")
            for move in state.moves:
                goes = "stays" if move.target == number else f"-> s{move.target}"
                lines.append(f"        {goes:<7}  {', '.join(move.actions)}")
    return "\n".join([*lines, ""])


def _mermaid(graph: Folded) -> str:
    lines = ["flowchart LR", f"    accTitle: {_title(graph)}", "    start(( )) --> s1"]
    for number, state in graph.states.items():
        acting = ":::acting" if state.configuration.state.phase.is_acting else ""
        label = "<br/>".join([f"s{number} {_phase(state)}", *_threads(state)])
        lines.append(f'    s{number}["{label}"]{acting}')
    for number, state in graph.states.items():
        for move in state.moves:
            label = "<br/>".join(move.actions)
            lines.append(f'    s{number} -->|"{label}"| s{move.target}')
    return "\n".join([*lines, "    classDef acting stroke:#8250df,stroke-width:2px", ""])


def _dot(graph: Folded) -> str:
    note = "\\n".join([_title(graph), *_notes(graph)])
    lines = [
        "digraph states {",
        f'    graph [rankdir=LR, label="{note}", labelloc=t];',
        "    node [shape=box, style=rounded];",
        '    start [shape=point, label=""];',
        "    start -> s1;",
    ]
    lines += [
        f"    {{ rank=same; {' '.join(f's{number}' for number in layer)} }}"
        for layer in graph.layers
    ]
    for number, state in graph.states.items():
        label = "\\n".join([f"s{number} {_phase(state)}", *_threads(state)])
        color = ', color="#8250df"' if state.configuration.state.phase.is_acting else ""
        lines.append(f'    s{number} [label="{label}"{color}];')
    for number, state in graph.states.items():
        for move in state.moves:
            label = "\\n".join(move.actions)
            back = "" if graph.leads_on(number, move) else ", constraint=false"
            lines.append(f'    s{number} -> s{move.target} [label="{label}"{back}];')
    return "\n".join([*lines, "}", ""])


def _key(graph: Folded) -> str:
    key = "after the slash: the generation's outcome; grey: as before; → s1: goes to s1"
    return f"violet: an action is running; {key}" if graph.has_action else key


_LEFT: Final = 80
_PAD: Final = 10
_GAP: Final = 20
"""How far boxes are apart, one above the other."""
_BETWEEN: Final = 5
"""How far the moves of a state are apart."""


class _Box:
    """A state as it is drawn: its lines, and how large it is."""

    def __init__(self, graph: Folded, number: int, known: Sequence[FoldedState]) -> None:
        self.number = number
        self.state = graph.states[number]
        self.threads = _threads(self.state)
        self.is_new = [
            self.state.depth == 0 or any(thread not in state.threads for state in known)
            for thread in self.state.threads
        ]
        """Of each line about threads, whether it is not in all states that lead here."""
        self.moves = [(move, self._says(graph, move)) for move in self.state.moves]
        rows = [f"{_phase(self.state)}  s{number}", *self.threads]
        rows += [row for _, says in self.moves for row in says]
        self.width = round(width_of(rows)) + 2 * _PAD
        parts = [1, len(self.threads), *(len(says) for _, says in self.moves)]
        self.height = sum(parts) * LINE + len(self.moves) * _BETWEEN + 16

    def _says(self, graph: Folded, move: Move) -> tuple[str, ...]:
        if graph.leads_on(self.number, move):
            return move.actions
        goes = "stays" if move.target == self.number else f"→ s{move.target}"
        return tuple(f"{action} {goes}" for action in move.actions)

    def draw(self, drawing: Drawing, left: int, width: int, middle: int) -> None:
        """Draw it, and everything in it."""
        right, top = left + width, middle - self.height // 2
        acting = "acting" if self.state.configuration.state.phase.is_acting else ""
        drawing.box(
            (left + width / 2, middle), (width, self.height), kind=f"box {acting}", radius=6
        )
        y = top + 14
        kind = f"strong {acting}"
        drawing.text((left + _PAD, y), [_phase(self.state)], anchor="start", kind=kind)
        drawing.text((right - _PAD, y), [f"s{self.number}"], anchor="end", kind="quiet")
        for line, (thread, _), is_new in zip(
            self.threads, self.state.threads, self.is_new, strict=True
        ):
            y += LINE
            outcome = thread.outcome.value if thread.outcome is not None else "strong"
            kind = outcome if is_new else "quiet"
            drawing.text((left + _PAD, y), [line], anchor="start", kind=kind)
        if self.moves:
            y += LINE // 2 + 3
            drawing.line([(left, y), (right, y)], kind="faint")
        for (move, says), y in zip(self.moves, self.exits(middle), strict=True):
            if says == move.actions:
                drawing.text((right - _PAD, y), says, anchor="end", kind=_kind(says))
            else:
                kind = "quiet" if move.target == self.number else _kind(move.actions) or "quiet"
                drawing.text((left + _PAD, y), says, anchor="start", kind=kind)

    def exits(self, middle: int) -> list[float]:
        """Return where the middle of each move is."""
        y = middle - self.height / 2 + (1 + len(self.threads)) * LINE + 12
        places = []
        for _, says in self.moves:
            places.append(y + len(says) * LINE / 2)
            y += len(says) * LINE + _BETWEEN
        return places


def _svg(graph: Folded) -> str:
    known: dict[int, list[FoldedState]] = {number: [] for number in graph.states}
    for number, targets in graph.forward.items():
        for target in targets:
            known[target].append(graph.states[number])
    boxes = {number: _Box(graph, number, known[number]) for number in graph.states}
    heights = {number: box.height for number, box in boxes.items()}
    places = placed(graph.layers, graph.forward, heights, _GAP)
    notes = [line for note in [*_notes(graph), _key(graph)] for line in wrap(note, 120)]
    top = 90 + len(notes) * LINE
    middles = {number: top + place for number, place in places.items()}
    columns = _columns(graph, boxes, middles)
    bottom = max(middles[number] + heights[number] // 2 for number in graph.states)
    width = max(sum(columns[-1]), 28 + width_of([*notes, _title(graph) + 12 * " "])) + 28
    drawing = Drawing(width, bottom + 28, _title(graph))
    drawing.text((28, 30), [_title(graph)], anchor="start", kind="title")
    drawing.text((28, 44 + len(notes) * LINE / 2), notes, anchor="start", kind="quiet")
    for depth, (left, size) in enumerate(columns):
        drawing.text((left + size / 2, top - 22), [f"depth {depth}"], kind="quiet")
    _draw_start(drawing, columns[0][0], middles[1])
    _draw_arrows(drawing, graph, boxes, middles, columns)
    for number, box in boxes.items():
        box.draw(drawing, *columns[box.state.depth], middles[number])
    return str(drawing)


def _columns(
    graph: Folded, boxes: Mapping[int, _Box], middles: Mapping[int, int]
) -> list[tuple[int, int]]:
    """Return where each layer begins, and how wide it is.

    Where arrows are steep, the layers are farther apart.
    """
    columns: list[tuple[int, int]] = []
    left = _LEFT
    for layer in graph.layers:
        width = max(boxes[number].width for number in layer)
        columns.append((left, width))
        rise = max(
            (abs(middles[n] - middles[m]) for n in layer for m in graph.forward[n]), default=0
        )
        left += width + min(48 + rise // 6, 240)
    return columns


def _draw_start(drawing: Drawing, left: int, middle: int) -> None:
    drawing.arrow([(left - 34, middle), (left, middle)])
    drawing.box((left - 38, middle), (9, 9), kind="head", radius=5)


def _draw_arrows(
    drawing: Drawing,
    graph: Folded,
    boxes: Mapping[int, _Box],
    middles: Mapping[int, int],
    columns: Sequence[tuple[int, int]],
) -> None:
    """Draw the moves to the next layer; those to one state end one below the other."""
    found: dict[int, list[tuple[float, float, Move]]] = {}
    for number, box in boxes.items():
        right = sum(columns[box.state.depth])
        for (move, _), y in zip(box.moves, box.exits(middles[number]), strict=True):
            if graph.leads_on(number, move):
                found.setdefault(move.target, []).append((right, y, move))
    for target, arrows in found.items():
        left = columns[boxes[target].state.depth][0]
        apart = min(10.0, (boxes[target].height - 12) / len(arrows))
        for place, (right, y, move) in enumerate(arrows):
            end = middles[target] + (place - (len(arrows) - 1) / 2) * apart
            bend = (left - right) / 2
            way = [(right, y), (right + bend, y), (left - bend, end), (left, end)]
            drawing.arrow(way, kind=_kind(move.actions))


def _kind(actions: Sequence[str]) -> str:
    return kind_of([row for row in TABLE.rows if row.action in actions])


STATE_FORMATS: Final[Mapping[str, Callable[[Folded], str]]] = {
    "svg": _svg,
    "dot": _dot,
    "mermaid": _mermaid,
    "text": _text,
}
"""What draws folded states, by format."""
