--------------------------- MODULE CPythonHistory ---------------------------
(***************************************************************************)
(* CPython's barrier, watched by the historian of BarrierHistory.tla.      *)
(*                                                                         *)
(* The promises are the same formulas, of the same variables, with the     *)
(* meaning that CPythonRefines.tla gives to them; but for the index, which *)
(* is not looked at before the thread that is to return it is released.    *)
(***************************************************************************)
EXTENDS CPythonRefines

VARIABLES generation, joined, first, arrivals, returns, releases

history == <<generation, joined, first, arrivals, returns, releases>>

Watched == INSTANCE BarrierHistory WITH
    phase   <- Phase,
    arrived <- Arrived,
    pc      <- [t \in Threads |-> Location(t)],
    outcome <- [t \in Threads |-> Outcome(t)],
    index   <- [t \in Threads |-> IF Outcome(t) = "RELEASED" THEN index[t] ELSE NoIndex]

HistoryInit == RefinesInit /\ Watched!HistoryInit

HistoryNext == RefinesNext /\ Watched!WriteDown

HistorySpec == HistoryInit /\ [][HistoryNext]_<<vars, ended, history>>

HistoryView == <<vars, ended, Watched!HistoryView>>

UniqueIndex         == Watched!UniqueIndex
OneOutcome          == Watched!OneOutcome
NoEarlyRelease      == Watched!NoEarlyRelease
ActionBeforeRelease == Watched!ActionBeforeRelease
=============================================================================
