"""Complete the row: put something in the place of each `...`."""

from verified_barrier.table import Event, Guard, Row

ROWS = (
    Row(
        action="TimeOut",
        event=Event.TIMEOUT,
        phases=...,
        guard=Guard.ALWAYS,
        location=...,
        phase=...,
        arrived=...,
        outcome=...,
    ),
)
