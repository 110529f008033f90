-------------------------- MODULE BarrierWitnesses --------------------------
(***************************************************************************)
(* Every phase and every action is reached.                                *)
(*                                                                         *)
(* An invariant may hold because nothing ever happens.  Each statement     *)
(* here claims that something never happens, and TLC must refute it: its   *)
(* counterexample is the witness, a shortest run that gets there.          *)
(***************************************************************************)
EXTENDS Barrier

NeverFilling   == phase # "FILLING"
NeverTripping  == phase # "TRIPPING"
NeverResetting == phase # "RESETTING"
NeverBreaking  == phase # "BREAKING"
NeverBroken    == phase # "BROKEN"

NeverCall                     == \A t \in Threads : ~ENABLED Call(t)
NeverArriveAndWait            == \A t \in Threads : ~ENABLED ArriveAndWait(t)
NeverArriveAndRelease         == \A t \in Threads : ~ENABLED ArriveAndRelease(t)
NeverArriveAndAct             == \A t \in Threads : ~ENABLED ArriveAndAct(t)
NeverArriveHeld               == \A t \in Threads : ~ENABLED ArriveHeld(t)
NeverArriveRefused            == \A t \in Threads : ~ENABLED ArriveRefused(t)
NeverActionReturned           == \A t \in Threads : ~ENABLED ActionReturned(t)
NeverActionReturnedAfterReset == \A t \in Threads : ~ENABLED ActionReturnedAfterReset(t)
NeverActionReturnedAfterAbort == \A t \in Threads : ~ENABLED ActionReturnedAfterAbort(t)
NeverActionRaised             == \A t \in Threads : ~ENABLED ActionRaised(t)
NeverActionRaisedAfterReset   == \A t \in Threads : ~ENABLED ActionRaisedAfterReset(t)
NeverActionRaisedAfterAbort   == \A t \in Threads : ~ENABLED ActionRaisedAfterAbort(t)
NeverTimeOut                  == \A t \in Threads : ~ENABLED TimeOut(t)
NeverWithdraw                 == \A t \in Threads : ~ENABLED Withdraw(t)
NeverWithdrawCall             == \A t \in Threads : ~ENABLED WithdrawCall(t)
NeverAbortFilling             == ~ENABLED AbortFilling
NeverAbortTripping            == ~ENABLED AbortTripping
NeverAbortResetting           == ~ENABLED AbortResetting
NeverAbortAgain               == ~ENABLED AbortAgain
NeverResetFilling             == ~ENABLED ResetFilling
NeverResetTripping            == ~ENABLED ResetTripping
NeverResetAgain               == ~ENABLED ResetAgain
NeverResetBreaking            == ~ENABLED ResetBreaking
NeverResetBroken              == ~ENABLED ResetBroken
NeverLeave                    == \A t \in Threads : ~ENABLED Leave(t)
=============================================================================
