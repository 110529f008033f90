---------------------------- MODULE CPythonSeen ----------------------------
(***************************************************************************)
(* CPython's barrier, with what is seen of it written down.                *)
(*                                                                         *)
(* The same machine once more, and beside its variables those of           *)
(* Barrier.tla, with the meaning that CPythonHistory.tla gives to them.    *)
(* Whoever reads the states that TLC finds reads both: what CPython keeps, *)
(* and what the promises of a barrier speak of.  Nothing is checked here.  *)
(*                                                                         *)
(* searched.py adds SeenNext: each step of CPythonBarrier.tla, observed.   *)
(***************************************************************************)
EXTENDS CPythonRefines

VARIABLES seenPhase, seenArrived, seenPc, seenOutcome, seenIndex

Seen ==
    <<Phase,
      Arrived,
      [t \in Threads |-> Location(t)],
      [t \in Threads |-> Outcome(t)],
      [t \in Threads |-> IF Outcome(t) = "RELEASED" THEN index[t] ELSE NoIndex]>>

SeenInit ==
    /\ RefinesInit
    /\ seenPhase   = Seen[1]
    /\ seenArrived = Seen[2]
    /\ seenPc      = Seen[3]
    /\ seenOutcome = Seen[4]
    /\ seenIndex   = Seen[5]

Observed ==
    /\ EndedIsKept
    /\ seenPhase'   = Seen'[1]
    /\ seenArrived' = Seen'[2]
    /\ seenPc'      = Seen'[3]
    /\ seenOutcome' = Seen'[4]
    /\ seenIndex'   = Seen'[5]

=============================================================================
