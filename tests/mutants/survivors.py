"""The mutants of the general tool that no check notices, each with the reason."""

from __future__ import annotations

__all__ = ["SURVIVORS"]

SURVIVORS: dict[str, str] = {
    "table.py: if not row.phases or len(set(row.phases)) < len(row.phases): → "
    "if not row.phases or len(set(row.phases)) != len(row.phases):": "a set never has more members "
    "than the tuple that it is made of",
    "machine.py: row = TABLE.row(event, state.phase, state.arrived + 1 == parties, has_action) → "
    "row = TABLE.row(event, state.phase, state.arrived + 1 >= parties, has_action)": "as many have "
    "arrived as there are parties in TRIPPING alone, where no row asks who is the last",
    "machine.py: is_last = state.arrived + 1 == parties → "
    "is_last = state.arrived + 1 >= parties": "it is asked while the barrier fills, where fewer "
    "have arrived than there are parties",
    "barrier.py: if event is Event.ARRIVE: → if not event is Event.ARRIVE:": "an edge of another "
    "event does not count as an arrival that wakes nobody: all arrivals go the longer way, which "
    "comes to the same",
    "barrier.py: alone = self.location is _LEAVING and before.arrived == 0 → "
    "alone = self.location is _LEAVING and before.arrived == -1": "an arrival that is alone goes "
    "the longer way, which comes to the same",
    "barrier.py: seconds = inf if whole > 0 else -inf → seconds = inf if whole > 1 else -inf": "a "
    "number that is too large for a float is greater than one, or less than zero",
    "barrier.py: self._tripper = 0 → self._tripper = 1": "it is read only while a call runs the "
    "action, and then it was written",
    "barrier.py: self._tripper = 0 → self._tripper = -1": "it is read only while a call runs the "
    "action, and then it was written",
}
