"""Complete the rows: put something in the place of each `...`."""

from verified_barrier.table import Event, Guard, Phase, Row

ROWS = (
    Row(
        action="AbortTripping",
        event=Event.ABORT,
        phases=(Phase.TRIPPING,),
        guard=Guard.ALWAYS,
        location=None,
        phase=...,
        arrived=...,
        outcome=...,
    ),
    Row(
        action="ResetTripping",
        event=Event.RESET,
        phases=(Phase.TRIPPING,),
        guard=Guard.ALWAYS,
        location=None,
        phase=...,
        arrived=...,
        outcome=...,
    ),
    Row(
        action="ResetBreaking",
        event=Event.RESET,
        phases=(Phase.BREAKING,),
        guard=Guard.ALWAYS,
        location=None,
        phase=...,
        arrived=...,
        outcome=...,
    ),
)
