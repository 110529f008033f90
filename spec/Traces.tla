------------------------------- MODULE Traces -------------------------------
(***************************************************************************)
(* What BarrierTrace follows.  This is an example: a thread crosses a      *)
(* barrier for one party.  `verified-barrier trace check' puts what was    *)
(* recorded in its place.                                                  *)
(***************************************************************************)

\* Traces[n]: the events of the n-th trace, in their order.
Traces == <<
    << [event |-> "Call",             thread |-> "t1"],
       [event |-> "ArriveAndRelease", thread |-> "t1"],
       [event |-> "Returned",         thread |-> "t1", index |-> 0] >>
>>
=============================================================================
