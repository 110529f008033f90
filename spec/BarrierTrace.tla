---------------------------- MODULE BarrierTrace ----------------------------
(***************************************************************************)
(* What was recorded of a real barrier is a run of the machine.            *)
(*                                                                         *)
(* A trace is a sequence of events, in the order in which they happened:   *)
(* the steps of the barrier, each under the name of its action, and what   *)
(* the program saw: calls and what came of them, and its action.  Each     *)
(* event must be possible where the one before has led; the first that is  *)
(* not is where the real barrier and the machine part.                     *)
(*                                                                         *)
(* Each state in which a trace can be is reported with the place that was  *)
(* reached.  A trace is a run of the machine if the place after its last   *)
(* event was reached.                                                      *)
(***************************************************************************)
EXTENDS Barrier, Traces, Sequences, TLC

VARIABLES
    trace,      \* the number of the trace that is followed
    place,      \* the place of the event in it that comes next
    last        \* last[t]: the name of the last event of thread t

traceVars == <<phase, arrived, pc, outcome, index, trace, place, last>>

TraceInit ==
    /\ Init
    /\ trace \in DOMAIN Traces
    /\ place = 1
    /\ last  = [t \in Threads |-> "Nothing"]

-----------------------------------------------------------------------------
Event    == Traces[trace][place]
Is(name) == Event.event = name
Who      == Event.thread

-----------------------------------------------------------------------------
(***************************************************************************)
(* Calls begin and end.  A step may put a thread outside; what the caller  *)
(* sees comes afterwards, and must agree with it.                          *)
(***************************************************************************)

\* A thread does not call again before it has seen what came of its last call.
Calls ==
    /\ last[Who] \in {"Nothing", "Returned", "Raised"}
    /\ Call(Who)

\* wait() returned an index: the generation was released, and the index is the thread's.
Returns ==
    /\ outcome[Who] = "RELEASED" /\ index[Who] = Event.index
    /\ Leave(Who)

\* The action's own exception came out of wait(): the step said so before.
RaisesOfTheAction ==
    /\ last[Who] \in {"ActionRaised", "ActionRaisedAfterReset", "ActionRaisedAfterAbort"}
    /\ UNCHANGED vars

\* The barrier raised BrokenBarrierError: the generation was not released, or
\* the call timed out or was refused.
RaisesBroken ==
    \/ outcome[Who] \in {"BROKEN", "RESET"} /\ Leave(Who)
    \/ last[Who] \in {"TimeOut", "ArriveRefused"} /\ UNCHANGED vars

\* The barrier raised another error: it did not let the call in.
RaisesForTheCall ==
    /\ Event.error \in {"TypeError", "ValueError", "OverflowError", "RuntimeError"}
    /\ pc[Who] = "CALLING" /\ WithdrawCall(Who)

\* Something else raised an exception in the thread, such as KeyboardInterrupt:
\* before it arrived, on its way out, or with a step that put it outside.
RaisesOfSomethingElse ==
    \/ WithdrawCall(Who)
    \/ Leave(Who)
    \/ /\ last[Who] \in {"ArriveRefused", "TimeOut", "Withdraw", "ActionRaised",
                         "ActionRaisedAfterReset", "ActionRaisedAfterAbort"}
       /\ UNCHANGED vars

Raises ==
    CASE Event.by = "action" -> RaisesOfTheAction
      [] Event.by = "other"  -> RaisesOfSomethingElse
      [] Event.by = "barrier" /\ Event.error = "BrokenBarrierError" -> RaisesBroken
      [] Event.by = "barrier" /\ Event.error # "BrokenBarrierError" -> RaisesForTheCall

-----------------------------------------------------------------------------
(***************************************************************************)
(* The program's action is called once by the tripper, and its step comes  *)
(* after it.  An exception of something else may come at any point.        *)
(***************************************************************************)

ActionBegins  == pc[Who] = "ACTING" /\ last[Who] = "ArriveAndAct" /\ UNCHANGED vars
ActionEnds    == pc[Who] = "ACTING" /\ last[Who] = "ActionBegan" /\ UNCHANGED vars
HasReturned   == last[Who] = "ActionDone"

\* A held call that wanted to arrive while another action runs is held still.
IsHeldStill   == pc[Who] = "HELD" /\ phase \in {"TRIPPING", "RESETTING"} /\ UNCHANGED vars

-----------------------------------------------------------------------------
OfOneThread ==
    /\ \/ Is("Call")                     /\ Calls
       \/ Is("ArriveAndWait")            /\ ArriveAndWait(Who)
       \/ Is("ArriveAndRelease")         /\ ArriveAndRelease(Who)
       \/ Is("ArriveAndAct")             /\ ArriveAndAct(Who)
       \/ Is("ArriveHeld")               /\ (ArriveHeld(Who) \/ IsHeldStill)
       \/ Is("ArriveRefused")            /\ ArriveRefused(Who)
       \/ Is("ActionBegan")              /\ ActionBegins
       \/ Is("ActionDone")               /\ ActionEnds
       \/ Is("ActionFailed")             /\ ActionEnds
       \/ Is("ActionReturned")           /\ HasReturned /\ ActionReturned(Who)
       \/ Is("ActionReturnedAfterReset") /\ HasReturned /\ ActionReturnedAfterReset(Who)
       \/ Is("ActionReturnedAfterAbort") /\ HasReturned /\ ActionReturnedAfterAbort(Who)
       \/ Is("ActionRaised")             /\ ActionRaised(Who)
       \/ Is("ActionRaisedAfterReset")   /\ ActionRaisedAfterReset(Who)
       \/ Is("ActionRaisedAfterAbort")   /\ ActionRaisedAfterAbort(Who)
       \/ Is("TimeOut")                  /\ TimeOut(Who)
       \/ Is("Withdraw")                 /\ Withdraw(Who)
       \/ Is("Returned")                 /\ Returns
       \/ Is("Raised")                   /\ Raises
    /\ last' = [last EXCEPT ![Who] = Event.event]

OfNoOneThread ==
    /\ \/ Is("AbortFilling")   /\ AbortFilling
       \/ Is("AbortTripping")  /\ AbortTripping
       \/ Is("AbortResetting") /\ AbortResetting
       \/ Is("AbortAgain")     /\ AbortAgain
       \/ Is("ResetFilling")   /\ ResetFilling
       \/ Is("ResetTripping")  /\ ResetTripping
       \/ Is("ResetAgain")     /\ ResetAgain
       \/ Is("ResetBreaking")  /\ ResetBreaking
       \/ Is("ResetBroken")    /\ ResetBroken
    /\ UNCHANGED last

Follow ==
    /\ place <= Len(Traces[trace])
    /\ OfNoOneThread \/ OfOneThread
    /\ place' = place + 1
    /\ UNCHANGED trace

\* A trace that has come to its end, or can go no further, stays where it is.
Stay == UNCHANGED traceVars

TraceSpec == TraceInit /\ [][Follow \/ Stay]_traceVars

\* Says of each state which place it is in which trace.
Reported == PrintT(<<"reached", trace, place>>)
=============================================================================
