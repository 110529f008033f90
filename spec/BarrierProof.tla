---------------------------- MODULE BarrierProof ----------------------------
(***************************************************************************)
(* Why the promises hold for any number of parties, and of threads.        *)
(*                                                                         *)
(* TLC visits every state, so it needs to be told how many threads there   *)
(* are.  A proof needs no number.  It needs an invariant that is           *)
(* inductive: it holds in the beginning, and if it holds before a step, it *)
(* holds after it.  What was promised is not inductive by itself: in some  *)
(* states that are never reached, every promise is kept, and is broken by  *)
(* the next step.  The conjuncts here say that these states are never      *)
(* reached.  Each says what would go wrong without it.                     *)
(*                                                                         *)
(* `verified-barrier prove' has Z3 prove the theorem at the end, from the  *)
(* text of these modules.  With --without and the name of a conjunct it    *)
(* shows the state and the step that the conjunct rules out.               *)
(***************************************************************************)
EXTENDS BarrierHistory

-----------------------------------------------------------------------------
(***************************************************************************)
(* The domains of what the historian writes.                               *)
(***************************************************************************)

\* Without it, the current generation might be number 0, and a thread that is in
\* none, of which the historian writes 0, would be taken for one of its threads.
HistoryTypeOK ==
    /\ generation \in Nat \ {0}
    /\ joined     \in [Threads -> Nat]
    /\ first      \in [Threads -> Outcomes \cup {NoOutcome}]
    /\ arrivals   \in Nat
    /\ returns    \in Nat
    /\ releases   \in SUBSET [arrivals : Nat, returns : Nat]

-----------------------------------------------------------------------------
(***************************************************************************)
(* How many have arrived.                                                  *)
(***************************************************************************)

\* While the barrier is filling, somebody is still missing.  Without it, all
\* might have arrived, and the next arrival would be one too many.
Room == phase = "FILLING" => arrived < Parties

\* A generation that has ended has left no waiter behind.  Without it, the next
\* one might begin with all parties there already.
Emptied == phase \in {"RESETTING", "BREAKING", "BROKEN"} => arrived = 0

-----------------------------------------------------------------------------
(***************************************************************************)
(* What a thread knows.                                                    *)
(***************************************************************************)

\* An action is only run by a barrier that has one.  Without it, the action of a
\* barrier that has none might return before a release.
TrippingActs == phase = "TRIPPING" => HasAction

\* A thread has an outcome exactly if its generation has ended: when it leaves, or
\* while it runs an action that is too late.  Without it, a thread might take an
\* old outcome along into its next call.
OutcomeInTime ==
    \A t \in Threads :
        outcome[t] # NoOutcome <=>
            \/ pc[t] = "LEAVING"
            \/ pc[t] = "ACTING" /\ phase # "TRIPPING"

\* The waiters' indices are less than their number.  Without it, a waiter might
\* have the index that the next to arrive will get.
WaitersQueue ==
    \A t \in Threads :
        pc[t] = "WAITING" =>
            index[t] \in 0 .. arrived - (IF phase = "TRIPPING" THEN 2 ELSE 1)

\* The tripper has the last index, even if a waiter has withdrawn since.  Without
\* it, the tripper might be released without an index.
TripperIsLast ==
    \A t \in Threads : pc[t] = "ACTING" /\ phase = "TRIPPING" => index[t] = Parties - 1

-----------------------------------------------------------------------------
(***************************************************************************)
(* What the historian has written.                                         *)
(***************************************************************************)

\* All who are in the current generation have joined it, as the historian sees it.
\* Without it, two of them might be released as threads of different generations.
MembersJoined == \A t \in Threads : IsMember(t) => joined[t] = generation

\* All others have joined an earlier one, or none.  Without it, a thread that is
\* on its way out might share its generation with one that arrives now.
OthersJoinedEarlier == \A t \in Threads : ~IsMember(t) => joined[t] < generation

\* The historian has counted as many arrivals as the barrier; and all of them when
\* the action runs, even if a waiter has withdrawn since.  Without it, it might
\* have missed some, and a release would seem to come early.
ArrivalsCounted ==
    arrivals = CASE phase = "FILLING"  -> arrived
                 [] phase = "TRIPPING" -> Parties
                 [] OTHER              -> 0

\* When an action has returned in time, its generation is over.  Without it, the
\* action might have returned before, and the release would be the second.
NoReturnsYet == returns = 0

-----------------------------------------------------------------------------
Invariant ==
    /\ TypeOK
    /\ HistoryTypeOK
    /\ ArrivedCount
    /\ OneAction
    /\ UniqueIndex
    /\ OneOutcome
    /\ NoEarlyRelease
    /\ ActionBeforeRelease
    /\ Room
    /\ Emptied
    /\ TrippingActs
    /\ OutcomeInTime
    /\ WaitersQueue
    /\ TripperIsLast
    /\ MembersJoined
    /\ OthersJoinedEarlier
    /\ ArrivalsCounted
    /\ NoReturnsYet

THEOREM HistorySpec => []Invariant /\ BrokenRefuses
=============================================================================
