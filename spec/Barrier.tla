------------------------------ MODULE Barrier ------------------------------
(***************************************************************************)
(* What a barrier must do.                                                 *)
(*                                                                         *)
(* Threads call wait().  A call arrives, and waits until as many threads   *)
(* as there are parties have arrived; then all of them leave together.     *)
(* One such filling of the barrier, from empty to its outcome, is a        *)
(* generation.  Its outcome is written once: RELEASED, and every thread of *)
(* the generation returns its index; or BROKEN or RESET, and every thread  *)
(* of it raises BrokenBarrierError.                                        *)
(*                                                                         *)
(* Every action below is one row of the table in                           *)
(* src/verified_barrier/table.py, under the same name, in the same order.  *)
(***************************************************************************)
EXTENDS Integers, FiniteSets

CONSTANTS
    Threads,    \* the threads that may call wait(); there may be more than Parties
    Parties,    \* how many threads must arrive for one crossing
    HasAction   \* is an action run before each release?

ASSUME /\ IsFiniteSet(Threads)
       /\ Parties \in Nat \ {0}
       /\ HasAction \in BOOLEAN

VARIABLES
    phase,      \* the barrier's state, as every thread sees it
    arrived,    \* how many threads of the current generation have arrived and not left
    pc,         \* pc[t]: how far thread t has got in its call of wait()
    outcome,    \* outcome[t]: what became of the generation that t belongs to
    index       \* index[t]: the number that wait() returns to t, if all goes well

vars == <<phase, arrived, pc, outcome, index>>

(***************************************************************************)
(* The phase says it all.  FILLING: open for arrivals.  TRIPPING: all have *)
(* arrived, and the last of them runs the action.  RESETTING and BREAKING: *)
(* a reset or an abort ended the generation while its action still runs.   *)
(* BROKEN: every call is refused until somebody resets the barrier.        *)
(***************************************************************************)
Phases == {"FILLING", "TRIPPING", "RESETTING", "BREAKING", "BROKEN"}

Outcomes == {"RELEASED", "BROKEN", "RESET"}

(***************************************************************************)
(* OUTSIDE: not in wait().  CALLING: in wait(), not yet arrived.  HELD:    *)
(* not arrived either, because the action of an earlier crossing still     *)
(* runs.  WAITING: arrived and blocked.  ACTING: arrived last, and running *)
(* the action.  LEAVING: on the way out with the generation's outcome.     *)
(***************************************************************************)
Locations == {"OUTSIDE", "CALLING", "HELD", "WAITING", "ACTING", "LEAVING"}

NoOutcome == "NONE"
NoIndex   == -1

Init ==
    /\ phase   = "FILLING"
    /\ arrived = 0
    /\ pc      = [t \in Threads |-> "OUTSIDE"]
    /\ outcome = [t \in Threads |-> NoOutcome]
    /\ index   = [t \in Threads |-> NoIndex]

-----------------------------------------------------------------------------
(***************************************************************************)
(* The words that the actions below are written in.                        *)
(***************************************************************************)

\* A call that has not arrived yet, whether or not it is held.
MayArrive(t) == pc[t] \in {"CALLING", "HELD"}

\* The barrier is broken, or will be as soon as the action has ended.
IsBroken == phase \in {"BREAKING", "BROKEN"}

\* The next arrival completes the generation.
IsLast == arrived + 1 = Parties

\* t belongs to the current generation: it has arrived and is still there.
HasArrived(t) == pc[t] \in {"WAITING", "ACTING"}

\* When the generation ends, all its waiters set out together ...
Woken == [t \in Threads |-> IF pc[t] = "WAITING" THEN "LEAVING" ELSE pc[t]]

\* ... with the same outcome, which goes to a thread that is acting as well ...
Given(o) == [t \in Threads |-> IF HasArrived(t) THEN o ELSE outcome[t]]

\* ... and if they are not released, there is no index for them to return.
Forgotten == [t \in Threads |-> IF HasArrived(t) THEN NoIndex ELSE index[t]]

\* When t gives up its place, those that arrived after it move up by one.
ClosedUp(t) == [u \in Threads |->
                   CASE u = t -> NoIndex
                     [] pc[u] = "WAITING" /\ index[u] > index[t] -> index[u] - 1
                     [] OTHER -> index[u]]

-----------------------------------------------------------------------------
(***************************************************************************)
(* Calling and arriving.                                                   *)
(***************************************************************************)

\* A thread calls wait().
Call(t) ==
    /\ pc[t] = "OUTSIDE"
    /\ pc' = [pc EXCEPT ![t] = "CALLING"]
    /\ UNCHANGED <<phase, arrived, outcome, index>>

\* It arrives, and waits for the others.
ArriveAndWait(t) ==
    /\ phase = "FILLING" /\ MayArrive(t) /\ ~IsLast
    /\ arrived' = arrived + 1
    /\ pc'      = [pc EXCEPT ![t] = "WAITING"]
    /\ index'   = [index EXCEPT ![t] = arrived]
    /\ UNCHANGED <<phase, outcome>>

\* It arrives last, and there is no action: all are released.
ArriveAndRelease(t) ==
    /\ phase = "FILLING" /\ MayArrive(t) /\ IsLast /\ ~HasAction
    /\ arrived' = 0
    /\ pc'      = [Woken EXCEPT ![t] = "LEAVING"]
    /\ outcome' = [Given("RELEASED") EXCEPT ![t] = "RELEASED"]
    /\ index'   = [index EXCEPT ![t] = arrived]
    /\ UNCHANGED phase

\* It arrives last, and is the one that runs the action: the tripper.
ArriveAndAct(t) ==
    /\ phase = "FILLING" /\ MayArrive(t) /\ IsLast /\ HasAction
    /\ phase'   = "TRIPPING"
    /\ arrived' = arrived + 1
    /\ pc'      = [pc EXCEPT ![t] = "ACTING"]
    /\ index'   = [index EXCEPT ![t] = arrived]
    /\ UNCHANGED outcome

\* It cannot arrive while an earlier crossing's action runs: it is held.
ArriveHeld(t) ==
    /\ phase \in {"TRIPPING", "RESETTING"} /\ pc[t] = "CALLING"
    /\ pc' = [pc EXCEPT ![t] = "HELD"]
    /\ UNCHANGED <<phase, arrived, outcome, index>>

\* The barrier is broken, or about to be: the call raises at once.
ArriveRefused(t) ==
    /\ IsBroken /\ MayArrive(t)
    /\ pc' = [pc EXCEPT ![t] = "OUTSIDE"]
    /\ UNCHANGED <<phase, arrived, outcome, index>>

-----------------------------------------------------------------------------
(***************************************************************************)
(* The action ends.  If a reset or an abort has ended its generation in    *)
(* the meantime, the tripper leaves with that outcome; and if the action   *)
(* raised, the tripper raises that exception in any case.                  *)
(***************************************************************************)

\* The action returns: all are released.
ActionReturned(t) ==
    /\ phase = "TRIPPING" /\ pc[t] = "ACTING"
    /\ phase'   = "FILLING"
    /\ arrived' = 0
    /\ pc'      = [Woken EXCEPT ![t] = "LEAVING"]
    /\ outcome' = Given("RELEASED")
    /\ UNCHANGED index

\* The action returns, too late: its generation was reset.
ActionReturnedAfterReset(t) ==
    /\ phase = "RESETTING" /\ pc[t] = "ACTING"
    /\ phase' = "FILLING"
    /\ pc'    = [pc EXCEPT ![t] = "LEAVING"]
    /\ UNCHANGED <<arrived, outcome, index>>

\* The action returns, too late: the barrier was aborted.
ActionReturnedAfterAbort(t) ==
    /\ phase = "BREAKING" /\ pc[t] = "ACTING"
    /\ phase' = "BROKEN"
    /\ pc'    = [pc EXCEPT ![t] = "LEAVING"]
    /\ UNCHANGED <<arrived, outcome, index>>

\* The action raises: the generation is broken, and with it the barrier.
ActionRaised(t) ==
    /\ phase = "TRIPPING" /\ pc[t] = "ACTING"
    /\ phase'   = "BROKEN"
    /\ arrived' = 0
    /\ pc'      = [Woken EXCEPT ![t] = "OUTSIDE"]
    /\ outcome' = [Given("BROKEN") EXCEPT ![t] = NoOutcome]
    /\ index'   = Forgotten

\* The action raises after a reset: only the tripper is concerned.
ActionRaisedAfterReset(t) ==
    /\ phase = "RESETTING" /\ pc[t] = "ACTING"
    /\ phase'   = "FILLING"
    /\ pc'      = [pc EXCEPT ![t] = "OUTSIDE"]
    /\ outcome' = [outcome EXCEPT ![t] = NoOutcome]
    /\ UNCHANGED <<arrived, index>>

\* The action raises after an abort: only the tripper is concerned.
ActionRaisedAfterAbort(t) ==
    /\ phase = "BREAKING" /\ pc[t] = "ACTING"
    /\ phase'   = "BROKEN"
    /\ pc'      = [pc EXCEPT ![t] = "OUTSIDE"]
    /\ outcome' = [outcome EXCEPT ![t] = NoOutcome]
    /\ UNCHANGED <<arrived, index>>

-----------------------------------------------------------------------------
(***************************************************************************)
(* Giving up.                                                              *)
(***************************************************************************)

\* A waiter's time is up before the others have come: it breaks the barrier.
\* While an action runs nobody times out: all have arrived, and a time limit
\* does not cut the action short.
TimeOut(t) ==
    /\ phase = "FILLING" /\ pc[t] = "WAITING"
    /\ phase'   = "BROKEN"
    /\ arrived' = 0
    /\ pc'      = [Woken EXCEPT ![t] = "OUTSIDE"]
    /\ outcome' = [Given("BROKEN") EXCEPT ![t] = NoOutcome]
    /\ index'   = Forgotten

\* An exception is raised in a waiter, such as KeyboardInterrupt: it leaves,
\* the barrier is not broken, and the others wait on.
Withdraw(t) ==
    /\ phase \in {"FILLING", "TRIPPING"} /\ pc[t] = "WAITING"
    /\ arrived' = arrived - 1
    /\ pc'      = [pc EXCEPT ![t] = "OUTSIDE"]
    /\ index'   = ClosedUp(t)
    /\ UNCHANGED <<phase, outcome>>

\* An exception is raised in a call that has not arrived: nobody else notices.
WithdrawCall(t) ==
    /\ MayArrive(t)
    /\ pc' = [pc EXCEPT ![t] = "OUTSIDE"]
    /\ UNCHANGED <<phase, arrived, outcome, index>>

-----------------------------------------------------------------------------
(***************************************************************************)
(* abort() breaks the barrier for active and for future calls.  It may be  *)
(* called at any time by anyone, even by the action.                       *)
(***************************************************************************)

AbortFilling ==
    /\ phase = "FILLING"
    /\ phase'   = "BROKEN"
    /\ arrived' = 0
    /\ pc'      = Woken
    /\ outcome' = Given("BROKEN")
    /\ index'   = Forgotten

\* The action runs on, but its generation is broken already.
AbortTripping ==
    /\ phase = "TRIPPING"
    /\ phase'   = "BREAKING"
    /\ arrived' = 0
    /\ pc'      = Woken
    /\ outcome' = Given("BROKEN")
    /\ index'   = Forgotten

\* The generation was reset already; the barrier will be broken nevertheless.
AbortResetting ==
    /\ phase = "RESETTING"
    /\ phase' = "BREAKING"
    /\ UNCHANGED <<arrived, pc, outcome, index>>

\* It is broken already.
AbortAgain ==
    /\ IsBroken
    /\ UNCHANGED vars

-----------------------------------------------------------------------------
(***************************************************************************)
(* reset() returns the barrier to the empty state.  It too may be called   *)
(* at any time by anyone.                                                  *)
(***************************************************************************)

ResetFilling ==
    /\ phase = "FILLING"
    /\ arrived' = 0
    /\ pc'      = Woken
    /\ outcome' = Given("RESET")
    /\ index'   = Forgotten
    /\ UNCHANGED phase

\* The barrier will be empty once the action has ended.
ResetTripping ==
    /\ phase = "TRIPPING"
    /\ phase'   = "RESETTING"
    /\ arrived' = 0
    /\ pc'      = Woken
    /\ outcome' = Given("RESET")
    /\ index'   = Forgotten

\* It is being reset already.
ResetAgain ==
    /\ phase = "RESETTING"
    /\ UNCHANGED vars

\* Its generation is broken already; the barrier will be usable nevertheless.
ResetBreaking ==
    /\ phase = "BREAKING"
    /\ phase' = "RESETTING"
    /\ UNCHANGED <<arrived, pc, outcome, index>>

\* It is broken, and becomes usable again.
ResetBroken ==
    /\ phase = "BROKEN"
    /\ phase' = "FILLING"
    /\ UNCHANGED <<arrived, pc, outcome, index>>

-----------------------------------------------------------------------------
\* A thread whose generation has an outcome returns from wait(), or raises.
Leave(t) ==
    /\ pc[t] = "LEAVING"
    /\ pc'      = [pc EXCEPT ![t] = "OUTSIDE"]
    /\ outcome' = [outcome EXCEPT ![t] = NoOutcome]
    /\ index'   = [index EXCEPT ![t] = NoIndex]
    /\ UNCHANGED <<phase, arrived>>

-----------------------------------------------------------------------------
Next ==
    \/ \E t \in Threads : Call(t)
    \/ \E t \in Threads : ArriveAndWait(t)
    \/ \E t \in Threads : ArriveAndRelease(t)
    \/ \E t \in Threads : ArriveAndAct(t)
    \/ \E t \in Threads : ArriveHeld(t)
    \/ \E t \in Threads : ArriveRefused(t)
    \/ \E t \in Threads : ActionReturned(t)
    \/ \E t \in Threads : ActionReturnedAfterReset(t)
    \/ \E t \in Threads : ActionReturnedAfterAbort(t)
    \/ \E t \in Threads : ActionRaised(t)
    \/ \E t \in Threads : ActionRaisedAfterReset(t)
    \/ \E t \in Threads : ActionRaisedAfterAbort(t)
    \/ \E t \in Threads : TimeOut(t)
    \/ \E t \in Threads : Withdraw(t)
    \/ \E t \in Threads : WithdrawCall(t)
    \/ AbortFilling
    \/ AbortTripping
    \/ AbortResetting
    \/ AbortAgain
    \/ ResetFilling
    \/ ResetTripping
    \/ ResetAgain
    \/ ResetBreaking
    \/ ResetBroken
    \/ \E t \in Threads : Leave(t)

Spec == Init /\ [][Next]_vars

-----------------------------------------------------------------------------
(***************************************************************************)
(* What holds in every state.                                              *)
(***************************************************************************)

\* Every variable is in its domain.
TypeOK ==
    /\ phase   \in Phases
    /\ arrived \in 0 .. Parties
    /\ pc      \in [Threads -> Locations]
    /\ outcome \in [Threads -> Outcomes \cup {NoOutcome}]
    /\ index   \in [Threads -> (0 .. Parties - 1) \cup {NoIndex}]

\* `arrived' is the number of waiters, plus the tripper in TRIPPING.
ArrivedCount ==
    arrived = Cardinality({t \in Threads : pc[t] = "WAITING"})
                + (IF phase = "TRIPPING" THEN 1 ELSE 0)

\* An action runs exactly in TRIPPING, RESETTING and BREAKING, never two at once.
OneAction ==
    Cardinality({t \in Threads : pc[t] = "ACTING"})
        = IF phase \in {"TRIPPING", "RESETTING", "BREAKING"} THEN 1 ELSE 0

\* In BREAKING and BROKEN no call arrives.
BrokenRefuses ==
    [][IsBroken => \A t \in Threads :
                      MayArrive(t) => pc'[t] \in {pc[t], "OUTSIDE"}]_vars
=============================================================================
