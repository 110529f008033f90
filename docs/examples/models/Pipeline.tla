------------------------------ MODULE Pipeline ------------------------------
(***************************************************************************)
(* The stages of a pipeline, which go on in step, as pipeline.py does.     *)
(*                                                                         *)
(* In each round a stage takes what the stage before has passed on, works  *)
(* on it, waits until all have taken theirs, passes its result on, and     *)
(* waits until all have.  A stage in which an exception is raised aborts   *)
(* the barrier, and ends with the exception.                               *)
(***************************************************************************)
EXTENDS BarrierCalls

CONSTANT
    Rounds      \* how many rounds there are

VARIABLES
    at,         \* at[t]: where stage t is in its program
    round       \* round[t]: the round that it is in, counted from 1

all == <<vars, at, round>>

PipelineInit ==
    /\ Init
    /\ at    = [t \in Threads |-> "working"]
    /\ round = [t \in Threads |-> 1]

Moves(t, from, to) == at[t] = from /\ at' = [at EXCEPT ![t] = to]

-----------------------------------------------------------------------------
\* It has done its work, and waits until the others have taken theirs.
Work(t) == Moves(t, "working", "first wait") /\ Call(t) /\ UNCHANGED round

\* Its work has raised an exception.
Fail(t) == Moves(t, "working", "failing") /\ UNCHANGED <<vars, round>>

AllHaveTaken(t) == Moves(t, "first wait", "passing on") /\ Returns(t) /\ UNCHANGED round

PassOn(t) == Moves(t, "passing on", "second wait") /\ Call(t) /\ UNCHANGED round

NextRound(t) ==
    /\ round[t] < Rounds
    /\ Moves(t, "second wait", "working")
    /\ Returns(t)
    /\ round' = [round EXCEPT ![t] = round[t] + 1]

Finish(t) ==
    /\ round[t] = Rounds
    /\ Moves(t, "second wait", "finished")
    /\ Returns(t)
    /\ UNCHANGED round

\* wait() raises BrokenBarrierError.
IsTold(t) ==
    /\ Moves(t, "first wait", "told") \/ Moves(t, "second wait", "told")
    /\ Raises(t)
    /\ UNCHANGED round

\* Whatever was raised in it, it aborts the barrier, and ends with that.
Abort(t) ==
    /\ Moves(t, "failing", "failed") \/ Moves(t, "told", "stopped")
    /\ Aborts
    /\ UNCHANGED round

\* Within wait().
Inside(t) == GoesOn(t) /\ UNCHANGED <<at, round>>

Step ==
    \E t \in Threads :
        \/ Work(t)
        \/ Fail(t)
        \/ AllHaveTaken(t)
        \/ PassOn(t)
        \/ NextRound(t)
        \/ Finish(t)
        \/ IsTold(t)
        \/ Abort(t)
        \/ Inside(t)

\* In the end nothing happens any more, which is no mistake.
PipelineNext == Step \/ UNCHANGED all

\* As long as there is something to do, something is done.
PipelineSpec == PipelineInit /\ [][PipelineNext]_all /\ WF_all(Step)

-----------------------------------------------------------------------------
\* All stages finish, or all end with an exception: nobody waits for ever.
AllEnd ==
    <>(\/ \A t \in Threads : at[t] = "finished"
       \/ \A t \in Threads : at[t] \in {"failed", "stopped"})

-----------------------------------------------------------------------------
\* What if a stage that fails simply ended?
AbortIsForgotten(t) ==
    /\ Moves(t, "failing", "failed") \/ Moves(t, "told", "stopped")
    /\ UNCHANGED <<vars, round>>

\* What if it reset the barrier instead?
AbortIsReset(t) ==
    /\ Moves(t, "failing", "failed") \/ Moves(t, "told", "stopped")
    /\ Resets
    /\ UNCHANGED round
=============================================================================
