"""The state diagram: all that threads can do at a barrier, layer by layer.

A state stands for all that differ only in which thread is where. Its layer is its depth: the
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
from verified_barrier.teaching.svg import LINE, Drawing, width_of
from verified_barrier.teaching.words import barrier_words, kind_of, state_words
from verified_barrier.verification.model import ThreadState

__all__ = ["STATE_FORMATS"]


def _title(graph: Folded) -> str:
    threads = f"{graph.threads} thread{'s' if graph.threads > 1 else ''}"
    return f"States of {threads} at {barrier_words(graph.parties, graph.has_action)}"


def _notes(graph: Folded) -> list[str]:
    moves = sum(len(move.actions) for state in graph.states.values() for move in state.moves)
    states = f"{len(graph.states)} state{'s' if len(graph.states) > 1 else ''}"
    notes = [f"{states}, {moves} steps; which thread is which does not count"]
    if graph.left_out:
        notes.append(f"left out: {', '.join(graph.left_out)}")
    return notes


def _thread(thread: ThreadState, count: int) -> str:
    words = [str(count)] * (count > 1) + [thread.location.value]
    words += [str(thread.index)] * (thread.index is not None)
    words += ["/", thread.outcome.value] if thread.outcome is not None else []
    return " ".join(words)


def _threads(state: FoldedState) -> list[str]:
    return [_thread(thread, count) for thread, count in state.threads]


def _move(graph: Folded, source: int, move: Move) -> tuple[str, ...]:
    """Return the lines about a move of a state: where it leads, if no arrow shows that."""
    if graph.leads_on(source, move):
        return move.actions
    goes = "stays" if move.target == source else f"→ s{move.target}"
    return tuple(f"{action} {goes}" for action in move.actions)


def _text(graph: Folded) -> str:
    lines = [_title(graph), *_notes(graph)]
    for depth, layer in enumerate(graph.layers):
        lines += ["", f"depth {depth}"]
        for number in layer:
            state = graph.states[number]
            threads = ", ".join(_threads(state))
            lines.append(f"    s{number}  {state_words(state.barrier)}: {threads}")
            for move in state.moves:
                goes = "stays" if move.target == number else f"-> s{move.target}"
                lines.append(f"        {goes:<7}  {', '.join(move.actions)}")
    return "\n".join([*lines, ""])


def _mermaid(graph: Folded) -> str:
    lines = ["flowchart LR", f"    accTitle: {_title(graph)}"]
    lines += [f"    accDescr: {'; '.join(_notes(graph))}", "    start(( )) --> s1"]
    for number, state in graph.states.items():
        acting = ":::acting" if state.barrier.phase.is_acting else ""
        label = "<br/>".join([f"s{number} {state_words(state.barrier)}", *_threads(state)])
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
        label = "\\n".join([f"s{number} {state_words(state.barrier)}", *_threads(state)])
        color = ', color="#8250df"' if state.barrier.phase.is_acting else ""
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


_MARGIN: Final = 28
_PAD: Final = 10
_GAP: Final = 20
"""How far boxes are apart, one above the other."""
_BETWEEN: Final = 5
"""How far the moves of a state are apart."""


class _Box:
    """A state as it is drawn: its lines, how large it is, and where.

    Parameters: ``known``, the states that lead to it from the layer before.
    """

    def __init__(self, graph: Folded, number: int, known: Sequence[FoldedState]) -> None:
        self.number = number
        self.state = state = graph.states[number]
        self.is_new = [
            state.depth == 0 or any(thread not in other.threads for other in known)
            for thread in state.threads
        ]
        """Of each line about threads, whether it is not in all states that lead here."""
        self.moves = [(move, _move(graph, number, move)) for move in state.moves]
        lines = [line for _, says in self.moves for line in says]
        words = [f"{state_words(state.barrier)}  s{number}", *_threads(state), *lines]
        self.width = round(width_of(words)) + 2 * _PAD
        self.head = (1 + len(state.threads)) * LINE + 12
        """How high the part above the moves is."""
        self.height = self.head + len(lines) * LINE + len(self.moves) * _BETWEEN + 4
        self.left = self.right = self.middle = 0
        """Where it is, once it has its place."""

    @property
    def exits(self) -> list[tuple[Move, tuple[str, ...], float]]:
        """Each move, with its lines, and where the middle of them is."""
        y = self.middle - self.height / 2 + self.head
        found = []
        for move, says in self.moves:
            found.append((move, says, y + len(says) * LINE / 2))
            y += len(says) * LINE + _BETWEEN
        return found

    def draw(self, drawing: Drawing) -> None:
        """Draw it, and everything in it."""
        start, end, top = self.left + _PAD, self.right - _PAD, self.middle - self.height / 2
        acting = "acting" if self.state.barrier.phase.is_acting else ""
        centre = (self.left + self.right) / 2, self.middle
        size = self.right - self.left, self.height
        drawing.box(centre, size, kind=f"box {acting}", radius=6)
        y = top + 14
        drawing.text(
            (start, y),
            [state_words(self.state.barrier)],
            anchor="start",
            kind=f"strong {acting}",
        )
        drawing.text((end, y), [f"s{self.number}"], anchor="end", kind="quiet")
        for (thread, count), is_new in zip(self.state.threads, self.is_new, strict=True):
            y += LINE
            kind = thread.outcome.value if thread.outcome is not None else "strong"
            kind = kind if is_new else "quiet"
            drawing.text((start, y), [_thread(thread, count)], anchor="start", kind=kind)
        if self.moves:
            line = top + self.head - 4
            drawing.line([(self.left, line), (self.right, line)], kind="faint")
        for move, says, y in self.exits:
            if says == move.actions:
                drawing.text((end, y), says, anchor="end", kind=_kind(move))
            else:
                kind = "" if move.target == self.number else _kind(move)
                drawing.text((start, y), says, anchor="start", kind=kind or "quiet")


def _svg(graph: Folded) -> str:
    known: dict[int, list[int]] = {number: [] for number in graph.states}
    for number, targets in graph.forward.items():
        for target in targets:
            known[target].append(number)
    boxes = {
        number: _Box(graph, number, [graph.states[source] for source in known[number]])
        for number in graph.states
    }
    notes = [line for note in (*_notes(graph), _key(graph)) for line in wrap(note, 120)]
    top = 90 + len(notes) * LINE
    _place(graph, boxes, top)
    bottom = max(box.middle + box.height / 2 for box in boxes.values())
    right = max(boxes[number].right for number in graph.layers[-1])
    width = max(right, _MARGIN + width_of([*notes, _title(graph) + 12 * " "])) + _MARGIN
    drawing = Drawing(width, bottom + _MARGIN, _title(graph))
    drawing.text((_MARGIN, 30), [_title(graph)], anchor="start", kind="title")
    drawing.text((_MARGIN, 44 + len(notes) * LINE / 2), notes, anchor="start", kind="quiet")
    for depth, layer in enumerate(graph.layers):
        box = boxes[layer[0]]
        drawing.text(((box.left + box.right) / 2, top - 22), [f"depth {depth}"], kind="quiet")
    drawing.entry((boxes[1].left, boxes[1].middle))
    for box in boxes.values():
        _draw_arrows(drawing, box, [boxes[source] for source in known[box.number]])
    for box in boxes.values():
        box.draw(drawing)
    return str(drawing)


def _place(graph: Folded, boxes: Mapping[int, _Box], top: int) -> None:
    """Give each box its place. Layers are farther apart where arrows are steep."""
    heights = {number: box.height for number, box in boxes.items()}
    for number, middle in placed(graph.layers, graph.forward, heights, _GAP).items():
        boxes[number].middle = top + middle
    left = _MARGIN + 44
    for layer in graph.layers:
        right = left + max(boxes[number].width for number in layer)
        steepest = 0
        for number in layer:
            box = boxes[number]
            box.left, box.right = left, right
            rises = (abs(box.middle - boxes[target].middle) for target in graph.forward[number])
            steepest = max(steepest, *rises, 0)
        left = right + min(48 + steepest // 6, 240)


def _draw_arrows(drawing: Drawing, target: _Box, sources: Sequence[_Box]) -> None:
    """Draw the moves that lead to a state from the layer before, from top to bottom."""
    apart = min(10.0, (target.height - 12) / max(len(sources), 1))
    for place, source in enumerate(sources):
        move, y = next((m, y) for m, _, y in source.exits if m.target == target.number)
        end = target.middle + (place - (len(sources) - 1) / 2) * apart
        half = (source.right + target.left) / 2
        way = [(source.right, y), (half, y), (half, end), (target.left, end)]
        drawing.arrow(way, kind=_kind(move))


def _kind(move: Move) -> str:
    return kind_of(row.outcome for row in TABLE.rows if row.action in move.actions)


STATE_FORMATS: Final[Mapping[str, Callable[[Folded], str]]] = {
    "svg": _svg,
    "dot": _dot,
    "mermaid": _mermaid,
    "text": _text,
}
"""What draws folded states, by format."""
