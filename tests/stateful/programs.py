"""Programs: what threads do at a barrier, one command after the other.

A program is a list of commands. Each is for the first thread that can do it when it comes, counted
on from the one that it names; where none can, it is passed over. So every list is a program,
whatever is left out of it is one as well, and Hypothesis makes a failing one small by leaving out
all that it can. The rules of a ``RuleBasedStateMachine`` would need preconditions, which fail when
an earlier rule goes, and print as calls of Python.
"""

from __future__ import annotations

from enum import Enum
from itertools import chain
from typing import NamedTuple

from hypothesis import strategies as st

__all__ = ["ALL", "SITES", "TIMEOUT", "Command", "Do", "Program", "Site", "programs"]

TIMEOUT = 1.0
"""The time limit of the calls that have one, in seconds of a clock that is moved by hand."""


class Do(Enum):
    """What a command says, in the words with which it is printed for a thread."""

    WAIT = "{} calls wait()"
    WAIT_BRIEFLY = f"{{}} calls wait({TIMEOUT})"
    ABORT = "{} calls abort()"
    RESET = "{} calls reset()"
    TIME_OUT = "the time of {} is up"
    INTERRUPT = "an exception is raised in {}"
    RETURN = "{} returns from the action"
    RAISE = "{} raises in the action"
    STOP = "{} stops: it will not notice what happens"
    GO_ON = "{} goes on"

    @property
    def is_call(self) -> bool:
        """Whether it is a call of one of the barrier's methods."""
        return self in (Do.WAIT, Do.WAIT_BRIEFLY, Do.ABORT, Do.RESET)


class Command(NamedTuple):
    """One command."""

    thread: int
    """Counted from 0; in a program, if it cannot do this, the next that can is meant."""
    do: Do
    in_action: bool = False
    """Whether the thread is in the barrier's action then."""

    def __str__(self) -> str:
        name = f"t{self.thread + 1}"
        inside = ", in the action," if self.in_action and self.do.is_call else ""
        return self.do.value.format(name + inside)


class Site(NamedTuple):
    """Which barrier, and how many threads there are."""

    parties: int
    threads: int
    has_action: bool

    def __str__(self) -> str:
        action = "with" if self.has_action else "without"
        return f"parties: {self.parties}, threads: {self.threads}, {action} an action"


class Program(NamedTuple):
    """A site, and the commands for its threads."""

    site: Site
    commands: list[Command]


_OFTEN = {
    Do.WAIT: 1,
    Do.WAIT_BRIEFLY: 5,
    Do.ABORT: 1,
    Do.RESET: 2,
    Do.TIME_OUT: 2,
    Do.INTERRUPT: 1,
    Do.RETURN: 2,
    Do.RAISE: 1,
    Do.STOP: 3,
    Do.GO_ON: 2,
}
"""How often each comes: the rarest of the faults shows in one program of a hundred then."""

ALL = tuple(_OFTEN)
"""What programs are made of, if nothing else is asked for."""

SITES = st.builds(
    lambda parties, threads, has_action: Site(parties, max(parties, threads), has_action),
    st.integers(1, 3),
    st.integers(1, 4),
    st.booleans(),
)
"""One to three parties, as many threads or more, up to four, with and without an action."""


def programs(
    dos: tuple[Do, ...] = ALL, sites: st.SearchStrategy[Site] = SITES
) -> st.SearchStrategy[Program]:
    """Return programs of up to 40 commands, half as many on average.

    Parameters: ``dos``, what they are made of; ``sites``, where they are played.
    """
    kinds = [do for do in dos for _ in range(_OFTEN[do])]
    # A command is one choice, so that Hypothesis leaves out two at once, too: a whole crossing.
    command = st.sampled_from([Command(thread, do) for do in kinds for thread in range(4)])
    # One list would have five commands on average, however long it may be.
    parts = st.tuples(*[st.lists(command, max_size=10)] * 4)
    commands = parts.map(lambda lists: list(chain(*lists)))
    return st.builds(Program, sites, commands)
