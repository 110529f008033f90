--------------------------- MODULE CPythonRefines ---------------------------
(***************************************************************************)
(* CPython's barrier, seen as ours.                                        *)
(*                                                                         *)
(* Each variable of Barrier.tla is given a meaning in CPythonBarrier.tla.  *)
(* Seen in this way, each step of CPython's barrier is one of ours, or     *)
(* changes nothing, as long as what sets off a deviation is left out.      *)
(***************************************************************************)
EXTENDS CPythonBarrier

VARIABLE ended  \* the outcome of the last generation: what its threads are to get

(***************************************************************************)
(* CPython does not keep the outcome: a thread in _wait() takes the state  *)
(* for it, and that may have changed since the generation ended.           *)
(***************************************************************************)
OutcomeIn(s) ==
    CASE s = "draining"  -> "RELEASED"
      [] s = "broken"    -> "BROKEN"
      [] s = "resetting" -> "RESET"

RefinesInit == Init /\ ended = "NONE"

\* A generation ends when the state is no longer filling.  At a barrier for one
\* party it is filling again in the same step, with nobody left to get it.
EndedIsKept ==
    ended' = CASE state = "filling" /\ state' # "filling" -> OutcomeIn(state')
               [] state' = "filling" -> "NONE"
               [] OTHER -> ended

RefinesNext == Next /\ EndedIsKept

RefinesSpec == RefinesInit /\ [][RefinesNext]_<<vars, ended>>

-----------------------------------------------------------------------------
(***************************************************************************)
(* The variables of Barrier.tla.                                           *)
(***************************************************************************)

\* A barrier that is draining or resetting is ready for the next generation,
\* only that nobody gets in.
Phase ==
    CASE state = "broken" -> "BROKEN"
      [] ~LockIsFree      -> "TRIPPING"
      [] OTHER            -> "FILLING"

Arrived == IF state = "filling" THEN count ELSE 0

\* A thread that raises has left already when it is through _exit().
Location(t) ==
    CASE pc[t] \in {"outside", "raise"} -> "OUTSIDE"
      [] pc[t] \in {"with", "_enter"}   -> "CALLING"
      [] pc[t] = "_release"             -> "ACTING"
      [] pc[t] = "return"               -> "LEAVING"
      [] pc[t] = "_wait"                -> IF state = "filling" THEN "WAITING" ELSE "LEAVING"

\* Whether a generation that was not released was broken or reset first makes no
\* difference to its threads; whether it was released does.
Outcome(t) ==
    CASE pc[t] = "return" -> "RELEASED"
      [] pc[t] = "_wait" /\ state # "filling" ->
            IF (ended = "RELEASED") = (state = "draining") THEN ended ELSE OutcomeIn(state)
      [] OTHER -> "NONE"

Index(t) ==
    IF Location(t) \in {"WAITING", "ACTING"} \/ Outcome(t) = "RELEASED" THEN index[t] ELSE NoIndex

Ours == INSTANCE Barrier WITH
    phase   <- Phase,
    arrived <- Arrived,
    pc      <- [t \in Threads |-> Location(t)],
    outcome <- [t \in Threads |-> Outcome(t)],
    index   <- [t \in Threads |-> Index(t)]

\* Each step is one of ours, or changes nothing that is seen.
RefinesBarrier == Ours!Init /\ [][Ours!Next]_(Ours!vars)
=============================================================================
