--------------------------- MODULE SeveralBroken ---------------------------
(***************************************************************************)
(* Several of the barriers that are almost right, at once.                 *)
(*                                                                         *)
(* Each is ours with one action replaced by one of BarrierFaults.tla, and  *)
(* nothing turns one into another: so TLC finds in one run, whose start    *)
(* takes longer than its search, what it would find in a run for each.     *)
(*                                                                         *)
(* searched.py adds SeenInit, which has a start for each of them, and      *)
(* SeenNext, in which each takes its own steps.                            *)
(***************************************************************************)
EXTENDS BarrierFaults

VARIABLE which  \* the name of the barrier

=============================================================================
