---------------------------- MODULE CPythonAtOnce ----------------------------
(***************************************************************************)
(* CPython's barrier and the promises of BarrierPromises.tla: it keeps     *)
(* none of them.                                                           *)
(*                                                                         *)
(* Time goes by as in BarrierAtOnce.tla.  But the clock that CPython looks *)
(* at is another: it starts in _wait(), when the call is past _enter().    *)
(***************************************************************************)
EXTENDS CPythonBarrier

VARIABLES
    late,       \* late[t]: the time that t's call may take is up
    waited      \* waited[t]: as much time has gone by since t is in _wait()

clocks == <<late, waited>>

AtOnceInit ==
    /\ Init
    /\ late   = [t \in Threads |-> FALSE]
    /\ waited = [t \in Threads |-> FALSE]

\* For a thread that is in _wait() already the two clocks have started together.
TimeIsUp(t) ==
    /\ pc[t] # "outside" /\ ~late[t]
    /\ late'   = [late EXCEPT ![t] = TRUE]
    /\ waited' = [waited EXCEPT ![t] = pc[t] = "_wait"]
    /\ UNCHANGED vars

\* Otherwise a whole time limit has gone by before, and now another has.
WaitIsUp(t) ==
    /\ pc[t] = "_wait" /\ late[t] /\ ~waited[t]
    /\ waited' = [waited EXCEPT ![t] = TRUE]
    /\ UNCHANGED <<vars, late>>

\* The clock that wait_for() looks at.
ClockIsUp(t) == waited[t]

\* The one that it should look at: a model puts it in the other's place.
ClockOfCallIsUp(t) == late[t]

InTime ==
    /\ Next
    /\ \A t \in Threads : TimeOut(t) => ClockIsUp(t)
    /\ late'   = [t \in Threads |-> late[t] /\ pc'[t] # "outside"]
    /\ waited' = [t \in Threads |-> waited[t] /\ pc'[t] = "_wait"]

AtOnceNext == InTime \/ \E t \in Threads : TimeIsUp(t) \/ WaitIsUp(t)

AtOnceSpec == AtOnceInit /\ [][AtOnceNext]_<<vars, clocks>>

-----------------------------------------------------------------------------
Arrives(t) ==
    \/ ENABLED Wait(t)
    \/ ENABLED Release(t)
    \/ ENABLED ReleaseActs(t)
    \/ ENABLED EnterRaises(t)

GoesOn(t) ==
    \/ Arrives(t)
    \/ ENABLED WaitReturns(t)
    \/ ENABLED WaitRaises(t)
    \/ ENABLED Leave(t)
    \/ ClockIsUp(t) /\ ENABLED TimeOut(t)

INSTANCE BarrierPromises WITH
    ActionRuns <- ~LockIsFree,
    Calling    <- {t \in Threads : pc[t] \in {"with", "_enter"}},
    Arriving   <- {t \in Threads : Arrives(t)},
    Late       <- {t \in Threads : late[t]},
    GoingOn    <- {t \in Threads : GoesOn(t)},
    AbortActs  <- ENABLED (AbortFilling \/ AbortDraining \/ AbortResetting \/ AbortBroken),
    ResetActs  <- ENABLED (ResetFilling \/ ResetDraining \/ ResetResetting \/ ResetBroken)
=============================================================================
