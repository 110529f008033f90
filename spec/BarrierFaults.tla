--------------------------- MODULE BarrierFaults ---------------------------
(***************************************************************************)
(* Barriers that are almost right.                                         *)
(*                                                                         *)
(* Each action here replaces the one of Barrier.tla that it is named for   *)
(* in a model that must fail, and changes one thing.  A model names its    *)
(* replacement in models/manifest.toml.                                    *)
(***************************************************************************)
EXTENDS BarrierHistory

\* abort() reaches threads that were released but have not left yet.  Some of
\* a crossing's threads return, the others raise: CPython's threading.Barrier.
AbortFillingReachesReleased ==
    /\ phase = "FILLING"
    /\ phase'   = "BROKEN"
    /\ arrived' = 0
    /\ pc'      = Woken
    /\ outcome' = [t \in Threads |-> IF pc[t] = "LEAVING" THEN "BROKEN" ELSE Given("BROKEN")[t]]
    /\ index'   = Forgotten

\* A waiter that leaves gives up its place, but nobody moves up: the next to
\* arrive gets an index that is taken.  CPython's threading.Barrier again.
WithdrawLeavesGap(t) ==
    /\ phase \in {"FILLING", "TRIPPING"} /\ pc[t] = "WAITING"
    /\ arrived' = arrived - 1
    /\ pc'      = [pc EXCEPT ![t] = "OUTSIDE"]
    /\ index'   = [index EXCEPT ![t] = NoIndex]
    /\ UNCHANGED <<phase, outcome>>

\* The last arrival releases the others without having run the action.
ArriveAndReleaseSkipsAction(t) ==
    /\ phase = "FILLING" /\ MayArrive(t) /\ IsLast
    /\ arrived' = 0
    /\ pc'      = [Woken EXCEPT ![t] = "LEAVING"]
    /\ outcome' = [Given("RELEASED") EXCEPT ![t] = "RELEASED"]
    /\ index'   = [index EXCEPT ![t] = arrived]
    /\ UNCHANGED phase

\* The last arrival but one releases the others: an error by one.
ArriveAndReleaseTooSoon(t) ==
    /\ phase = "FILLING" /\ MayArrive(t) /\ arrived + 2 = Parties /\ ~HasAction
    /\ arrived' = 0
    /\ pc'      = [Woken EXCEPT ![t] = "LEAVING"]
    /\ outcome' = [Given("RELEASED") EXCEPT ![t] = "RELEASED"]
    /\ index'   = [index EXCEPT ![t] = arrived]
    /\ UNCHANGED phase

\* A broken barrier lets a call arrive.
ArriveRefusedArrives(t) ==
    /\ IsBroken /\ MayArrive(t) /\ ~IsLast
    /\ arrived' = arrived + 1
    /\ pc'      = [pc EXCEPT ![t] = "WAITING"]
    /\ index'   = [index EXCEPT ![t] = arrived]
    /\ UNCHANGED <<phase, outcome>>

\* The action ends, but the barrier goes on holding calls, as if it still ran.
ActionReturnedAfterResetHoldsOn(t) ==
    /\ phase = "RESETTING" /\ pc[t] = "ACTING"
    /\ pc' = [pc EXCEPT ![t] = "LEAVING"]
    /\ UNCHANGED <<phase, arrived, outcome, index>>

\* A waiter leaves, and is still counted: the others are released without it.
WithdrawIsNotCounted(t) ==
    /\ phase \in {"FILLING", "TRIPPING"} /\ pc[t] = "WAITING"
    /\ pc'    = [pc EXCEPT ![t] = "OUTSIDE"]
    /\ index' = ClosedUp(t)
    /\ UNCHANGED <<phase, arrived, outcome>>

\* abort() puts the barrier into a state that nobody has heard of.
AbortFillingMisspelt ==
    /\ phase = "FILLING"
    /\ phase'   = "ABORTED"
    /\ arrived' = 0
    /\ pc'      = Woken
    /\ outcome' = Given("BROKEN")
    /\ index'   = Forgotten
=============================================================================
