"""The mutants of the general tool that no check notices, each with the reason."""

from __future__ import annotations

__all__ = ["SURVIVORS"]

SURVIVORS: dict[str, str] = {
    "table.py: if not row.phases or len(set(row.phases)) < len(row.phases): → if not "
    "row.phases or len(set(row.phases)) != len(row.phases):": (
        "a set never has more members than the tuple that it is made of"
    ),
    "machine.py: row = TABLE.row(event, state.phase, state.arrived + 1 == parties, "
    "has_action) → row = TABLE.row(event, state.phase, state.arrived + 1 >= parties, "
    "has_action)": (
        "as many have arrived as there are parties in TRIPPING alone, where no row asks who "
        "is the last"
    ),
    "machine.py: is_last = state.arrived + 1 == parties → is_last = state.arrived + 1 >= parties": (
        "it is asked while the barrier fills, where fewer have arrived than there are parties"
    ),
    "barrier.py: if event is Event.ARRIVE: → if not event is Event.ARRIVE:": (
        "arrivals go the longer way, which comes to the same"
    ),
    "barrier.py: self._tripper = 0 → self._tripper = 1": (
        "it is read only while a call runs the action, and then it was written"
    ),
    "barrier.py: self._tripper = 0 → self._tripper = -1": (
        "it is read only while a call runs the action, and then it was written"
    ),
    "barrier.py: alone = self.location is _LEAVING and before.arrived == 0 → alone = "
    "self.location is _LEAVING and before.arrived == -1": (
        "arrivals go the longer way, which comes to the same"
    ),
    "barrier.py: seconds = inf if whole > 0 else -inf → seconds = inf if whole > 1 else -inf": (
        "a number that is too large for a float is greater than one, or less than minus one"
    ),
    "barrier.py: seconds = inf if whole > 0 else -inf → seconds = inf if whole > -1 else -inf": (
        "a number that is too large for a float is greater than one, or less than minus one"
    ),
    "barrier.py: self.ends_holding = before.phase in _HOLDING and after.phase not in "
    "_HOLDING → self.ends_holding = before.phase in _HOLDING or after.phase not in "
    "_HOLDING": (
        "calls that are woken while the action still runs look again, and are held once more"
    ),
    "barrier.py: alone = self.location is _LEAVING and before.arrived == 0 → alone = "
    "self.location is _LEAVING and before.arrived < 0": (
        "arrivals go the longer way, which comes to the same"
    ),
    "barrier.py: alone = self.location is _LEAVING and before.arrived == 0 → alone = "
    "self.location is _LEAVING and before.arrived <= 0": ("a count is never less than zero"),
    "barrier.py: seconds = inf if whole > 0 else -inf → seconds = inf if whole >= 0 else -inf": (
        "a number that is too large for a float is greater than one, or less than minus one"
    ),
    "barrier.py: if event is Event.ARRIVE: → if event is not Event.ARRIVE:": (
        "arrivals go the longer way, which comes to the same"
    ),
    "barrier.py: self.wakes_nobody = event is Event.ARRIVE and (self.location is _WAITING"
    " or alone) → self.wakes_nobody = event is not Event.ARRIVE and (self.location is "
    "_WAITING or alone)": ("arrivals go the longer way, which comes to the same"),
    "barrier.py: call.acquire(False) → call.acquire(True)": ("the lock is new, and free"),
    "barrier.py: self.wakes_nobody = event is Event.ARRIVE and (self.location is _WAITING"
    " or alone) → self.wakes_nobody = event is Event.ARRIVE and (self.location is "
    "_WAITING and alone)": ("arrivals go the longer way, which comes to the same"),
    "barrier.py: if edge.wakes_nobody and unchanged and self._observer is None and not "
    "self._left: → if edge.wakes_nobody and unchanged and self._observer is None and "
    "self._left:": (
        "an arrival that wakes nobody does the same before what is due and after it; and all "
        "others go the longer way, which comes to the same"
    ),
    "barrier.py: seconds = inf if whole > 0 else -inf → seconds = inf if whole > 0 else not inf": (
        "a time limit below zero is up at once, as one of zero is"
    ),
}
