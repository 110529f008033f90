-------------------------- MODULE BarrierLiveness --------------------------
(***************************************************************************)
(* The promises of a barrier that speak of the future.                     *)
(*                                                                         *)
(* Spec says what threads may do, and allows them all to stop for ever.  A *)
(* promise that something will happen holds only if threads that can go on *)
(* do go on: this is fairness, and each promise below says how much of it  *)
(* it needs.                                                               *)
(***************************************************************************)
EXTENDS Barrier

\* t's call gets an answer from the barrier: it arrives, or it is refused.
Arrive(t) ==
    \/ ArriveAndWait(t)
    \/ ArriveAndRelease(t)
    \/ ArriveAndAct(t)
    \/ ArriveRefused(t)

\* The action that t is running ends, one way or the other.
ActionEnds(t) ==
    \/ ActionReturned(t)
    \/ ActionReturnedAfterReset(t)
    \/ ActionReturnedAfterAbort(t)
    \/ ActionRaised(t)
    \/ ActionRaisedAfterReset(t)
    \/ ActionRaisedAfterAbort(t)

-----------------------------------------------------------------------------
(***************************************************************************)
(* Nothing in this section depends on threads being well-behaved: they may *)
(* time out, withdraw, abort and reset as they please.                     *)
(***************************************************************************)

\* A thread that can leave will leave.  Weak fairness is enough, because
\* nothing that the others do can take an outcome away again.
LeavingIsFair == \A t \in Threads : WF_vars(Leave(t))

\* Actions end.  Weak fairness is enough, because a running action can always
\* end, whatever becomes of its generation in the meantime.
ActionsEnd == \A t \in Threads : WF_vars(ActionEnds(t))

\* A call gets its turn.  This takes strong fairness: others may cross the
\* barrier again and again, and each of their actions closes it for a while,
\* so that a held call can arrive now and then, but never for good.
ArrivingIsFair == \A t \in Threads : SF_vars(Arrive(t))

FairSpec == Spec /\ LeavingIsFair /\ ActionsEnd /\ ArrivingIsFair

\* A thread whose generation has an outcome returns from wait(), or raises.
NoStrandedWaiter ==
    \A t \in Threads : outcome[t] # NoOutcome ~> pc[t] = "OUTSIDE"

\* A held call arrives or is refused once actions end.
HeldArrives ==
    \A t \in Threads : pc[t] = "HELD" ~> pc[t] # "HELD"

-----------------------------------------------------------------------------
(***************************************************************************)
(* A barrier cannot make threads arrive.  If they keep arriving, and none  *)
(* of them times out, withdraws, aborts or resets, and the action does not *)
(* raise, then each of them crosses.                                       *)
(***************************************************************************)
FaultFreeNext ==
    \E t \in Threads :
        \/ Call(t)
        \/ ArriveAndWait(t)
        \/ ArriveAndRelease(t)
        \/ ArriveAndAct(t)
        \/ ArriveHeld(t)
        \/ ActionReturned(t)
        \/ Leave(t)

FaultFreeSpec == Init /\ [][FaultFreeNext]_vars

\* Threads keep calling.  Weak fairness is enough, because nobody can keep a
\* thread from calling.
CallingIsFair == \A t \in Threads : WF_vars(Call(t))

CrossingSpec ==
    FaultFreeSpec /\ CallingIsFair /\ ArrivingIsFair /\ ActionsEnd /\ LeavingIsFair

\* Enough threads that keep arriving: each is released, and returns.
Crossing ==
    \A t \in Threads :
        /\ pc[t] = "CALLING" ~> (pc[t] = "LEAVING" /\ outcome[t] = "RELEASED")
        /\ pc[t] = "LEAVING" ~> pc[t] = "OUTSIDE"

-----------------------------------------------------------------------------
(***************************************************************************)
(* With less fairness the promises do not hold.  Each specification here   *)
(* leaves one assumption out, and TLC shows what goes wrong without it.    *)
(***************************************************************************)

\* Threads call, but need not arrive: a call may be suspended for ever.
CrossingSpecWithoutArriving ==
    FaultFreeSpec /\ CallingIsFair /\ ActionsEnd /\ LeavingIsFair

\* A call that could arrive all the time does arrive, but one that could
\* only now and then need not: the others overtake a held call for ever.
FairSpecWithWeakArriving ==
    Spec /\ LeavingIsFair /\ ActionsEnd /\ (\A t \in Threads : WF_vars(Arrive(t)))

\* A thread that is free to go need not go.
FairSpecWithoutLeaving ==
    Spec /\ ActionsEnd /\ ArrivingIsFair
=============================================================================
