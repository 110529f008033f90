---------------------------- MODULE BarrierAtOnce ----------------------------
(***************************************************************************)
(* Our barrier keeps the promises of BarrierPromises.tla.                  *)
(*                                                                         *)
(* Each call has a clock, which starts at the call.  Time goes by as it    *)
(* likes, and who waits times out when its time is up and not before.      *)
(***************************************************************************)
EXTENDS Barrier

VARIABLE late   \* late[t]: the time that t's call may take is up

AtOnceInit == Init /\ late = [t \in Threads |-> FALSE]

TimeIsUp(t) ==
    /\ pc[t] # "OUTSIDE" /\ ~late[t]
    /\ late' = [late EXCEPT ![t] = TRUE]
    /\ UNCHANGED vars

InTime ==
    /\ Next
    /\ \A t \in Threads : TimeOut(t) => late[t]
    /\ late' = [t \in Threads |-> late[t] /\ pc'[t] # "OUTSIDE"]

AtOnceNext == InTime \/ \E t \in Threads : TimeIsUp(t)

AtOnceSpec == AtOnceInit /\ [][AtOnceNext]_<<vars, late>>

-----------------------------------------------------------------------------
Arrives(t) ==
    \/ ENABLED ArriveAndWait(t)
    \/ ENABLED ArriveAndRelease(t)
    \/ ENABLED ArriveAndAct(t)
    \/ ENABLED ArriveRefused(t)

GoesOn(t) ==
    \/ Arrives(t)
    \/ ENABLED Leave(t)
    \/ late[t] /\ ENABLED TimeOut(t)

INSTANCE BarrierPromises WITH
    ActionRuns <- phase \in {"TRIPPING", "RESETTING", "BREAKING"},
    Calling    <- {t \in Threads : MayArrive(t)},
    Arriving   <- {t \in Threads : Arrives(t)},
    Late       <- {t \in Threads : late[t]},
    GoingOn    <- {t \in Threads : GoesOn(t)},
    AbortActs  <- ENABLED (AbortFilling \/ AbortTripping \/ AbortResetting \/ AbortAgain),
    ResetActs  <- ENABLED (ResetFilling \/ ResetTripping \/ ResetAgain \/ ResetBreaking
                           \/ ResetBroken)
=============================================================================
