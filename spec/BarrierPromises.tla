--------------------------- MODULE BarrierPromises ---------------------------
(***************************************************************************)
(* What nobody has to wait for.                                            *)
(*                                                                         *)
(* Three promises in words that any barrier can give a meaning to.  Each   *)
(* says that a call can go on by a step of its own, however slow the other *)
(* threads are.                                                            *)
(***************************************************************************)
CONSTANTS
    ActionRuns, \* an action runs
    Calling,    \* the threads that have called wait(), and not arrived
    Arriving,   \* the threads that can arrive, or be refused, in their next step
    Late,       \* the threads in wait() whose time, counted from the call, is up
    GoingOn,    \* the threads in wait() that can take a step
    AbortActs,  \* abort(), if it is called now, takes effect at once
    ResetActs   \* and so does reset()

\* A call need not wait for the threads of the last crossing to leave.
NoDraining == ~ActionRuns => Calling \subseteq Arriving

\* abort() and reset() need not wait for anything, not even for an action.
OpenAction == AbortActs /\ ResetActs

\* A call whose time is up need not wait for anything but an action.
TimedCall == ~ActionRuns => Late \subseteq GoingOn
=============================================================================
