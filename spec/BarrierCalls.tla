---------------------------- MODULE BarrierCalls ----------------------------
(***************************************************************************)
(* A barrier in the words of a program that uses it: calls, and what comes *)
(* of them.                                                                *)
(*                                                                         *)
(* To model a program, extend this module.  The program has variables of   *)
(* its own, and each of its steps says what becomes of them.  Where it     *)
(* calls the barrier, or a call ends, the step is joined by /\ with one of *)
(* those below.  In between the barrier goes on by itself, and the         *)
(* variables of the program stay as they are.                              *)
(*                                                                         *)
(* A program needs only some of these: what it leaves out does not happen. *)
(* Two are in Barrier.tla already.  Call(t): t calls wait().  TimeOut(t):  *)
(* t's call has a time limit, and raises BrokenBarrierError.               *)
(***************************************************************************)
EXTENDS Barrier

\* Something happens within t's call that the program does not see.
GoesOn(t) ==
    \/ ArriveAndWait(t)
    \/ ArriveAndRelease(t)
    \/ ArriveAndAct(t)
    \/ ArriveHeld(t)

\* t's call returns its index.
Returns(t) == outcome[t] = "RELEASED" /\ Leave(t)

\* t's call raises BrokenBarrierError, because the barrier is broken, or was
\* broken or reset while it waited.
Raises(t) ==
    \/ ArriveRefused(t)
    \/ outcome[t] # "RELEASED" /\ Leave(t)

\* The action that t runs returns, and t's call ends a little later.
ActionReturns(t) ==
    \/ ActionReturned(t)
    \/ ActionReturnedAfterReset(t)
    \/ ActionReturnedAfterAbort(t)

\* The action that t runs raises, and so does t's call.
ActionRaises(t) ==
    \/ ActionRaised(t)
    \/ ActionRaisedAfterReset(t)
    \/ ActionRaisedAfterAbort(t)

\* t's call is left by an exception such as KeyboardInterrupt.
IsInterrupted(t) ==
    \/ Withdraw(t)
    \/ WithdrawCall(t)

\* Somebody calls abort().
Aborts ==
    \/ AbortFilling
    \/ AbortTripping
    \/ AbortResetting
    \/ AbortAgain

\* Somebody calls reset().
Resets ==
    \/ ResetFilling
    \/ ResetTripping
    \/ ResetAgain
    \/ ResetBreaking
    \/ ResetBroken
=============================================================================
