"""Programs: what threads do at a barrier, one command after the other.

A program is a list of commands. Each is for the first thread that can do it when it comes, counted
on from the one that it names; where none can, it is passed over. So every list is a program,
whatever is left out of it is one as well, and Hypothesis makes a failing one small by leaving out
all that it can. The rules of a ``RuleBasedStateMachine`` would need preconditions, which fail when
an earlier rule goes, and print as calls of Python.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import Enum
from itertools import chain
from typing import NamedTuple

from hypothesis import strategies as st

__all__ = ["ALL", "SITES", "TIMEOUT", "Command", "Do", "Program", "Site", "Where", "programs"]

TIMEOUT = 1.0
"""The time limit of the calls that have one, in seconds of a clock that is moved by hand."""


class Where(Enum):
    """Where a thread is when the barrier has come to rest."""

    OUTSIDE = "outside"
    BLOCKED = "blocked"
    """In a call that waits for something."""
    ACTING = "acting"
    """In the action, which waits to be told what to do."""


class Do(Enum):
    """What a command says."""

    WAIT = "wait()"
    WAIT_BRIEFLY = f"wait({TIMEOUT})"
    ABORT = "abort()"
    RESET = "reset()"
    TIME_OUT = "time out"
    INTERRUPT = "interrupt"
    RETURN = "return"
    RAISE = "raise"
    STOP = "stop"
    GO_ON = "go on"

    @property
    def is_call(self) -> bool:
        """Whether it is a call of one of the barrier's methods."""
        return self.value.endswith(")")


ALL = tuple(Do)
"""What programs are made of, if nothing else is asked for."""


class Command(NamedTuple):
    """One command."""

    thread: int
    """Counted from 0; if it cannot do this, the next that can is meant."""
    do: Do

    def words(self, where: Where) -> str:
        """Return it for people; ``where`` is the thread when the command comes."""
        name = f"t{self.thread + 1}"
        if self.do.is_call:
            inside = ", in the action," if where is Where.ACTING else ""
            return f"{name}{inside} calls {self.do.value}"
        return {
            Do.TIME_OUT: f"the time of {name} is up",
            Do.INTERRUPT: f"an exception is raised in {name}",
            Do.RETURN: f"{name} returns from the action",
            Do.RAISE: f"{name} raises in the action",
            Do.STOP: f"{name} stops: it will not notice what happens",
            Do.GO_ON: f"{name} goes on",
        }[self.do]


class Site(NamedTuple):
    """Which barrier, and how many threads there are."""

    parties: int
    threads: int
    has_action: bool

    def __str__(self) -> str:
        action = "with" if self.has_action else "without"
        return f"{self.threads} threads at a barrier for {self.parties}, {action} an action"


@dataclass(frozen=True)
class Program:
    """A site, and the commands for its threads."""

    site: Site
    commands: tuple[Command, ...]


_OFTEN = {
    Do.WAIT: 8,
    Do.WAIT_BRIEFLY: 4,
    Do.RETURN: 5,
    Do.RESET: 3,
    Do.TIME_OUT: 2,
    Do.INTERRUPT: 2,
    Do.STOP: 2,
    Do.GO_ON: 2,
    Do.RAISE: 2,
    Do.ABORT: 2,
}
"""How often each comes, so that threads meet before the barrier is broken."""

SITES = st.builds(
    lambda parties, threads, has_action: Site(parties, max(parties, threads), has_action),
    st.integers(1, 3),
    st.integers(1, 4),
    st.booleans(),
)
"""One to three parties, as many threads or more, up to four, with and without an action."""


def programs(
    dos: Collection[Do] = ALL, sites: st.SearchStrategy[Site] = SITES
) -> st.SearchStrategy[Program]:
    """Return programs of up to 40 commands, half as many on average.

    Parameters: ``dos``, what they are made of; ``sites``, where they are played.
    """
    kinds = [do for do in _OFTEN for _ in range(_OFTEN[do]) if do in dos]
    # A command is one choice, so that Hypothesis leaves out two at once, too: a whole crossing.
    command = st.sampled_from([Command(thread, do) for do in kinds for thread in range(4)])
    # One list would have five commands on average, however long it may be.
    parts = st.tuples(*[st.lists(command, max_size=10)] * 4)
    return st.builds(lambda site, lists: Program(site, tuple(chain(*lists))), sites, parts)
