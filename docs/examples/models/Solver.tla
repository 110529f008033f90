------------------------------- MODULE Solver -------------------------------
(***************************************************************************)
(* Workers that solve an equation together, as solver.py does.             *)
(*                                                                         *)
(* In each sweep a worker computes its new value from those of the others, *)
(* waits until all have read, writes it, and waits until all have written. *)
(* Then it tests whether all values have settled, and leaves if so.        *)
(***************************************************************************)
EXTENDS BarrierCalls

CONSTANT
    Sweeps      \* after so many sweeps all values have settled; perhaps before

VARIABLES
    at,         \* at[t]: where worker t is in its program
    sweep,      \* sweep[t]: the sweep that it is in, counted from 1
    settled     \* settled[t]: whether its value has hardly changed when it wrote it last

all == <<vars, at, sweep, settled>>

SolverInit ==
    /\ Init
    /\ at      = [t \in Threads |-> "computing"]
    /\ sweep   = [t \in Threads |-> 1]
    /\ settled = [t \in Threads |-> FALSE]

Moves(t, from, to) == at[t] = from /\ at' = [at EXCEPT ![t] = to]

-----------------------------------------------------------------------------
\* It has computed its new value, and calls wait() for the first time.
Compute(t) ==
    /\ Moves(t, "computing", "first wait")
    /\ Call(t)
    /\ UNCHANGED <<sweep, settled>>

\* All have read.
AllHaveRead(t) ==
    /\ Moves(t, "first wait", "writing")
    /\ Returns(t)
    /\ UNCHANGED <<sweep, settled>>

\* It writes its value, settled or not, and calls wait() for the second time.
Write(t) ==
    /\ Moves(t, "writing", "second wait")
    /\ Call(t)
    /\ \E hardly \in BOOLEAN :
          /\ sweep[t] = Sweeps => hardly
          /\ settled' = [settled EXCEPT ![t] = hardly]
    /\ UNCHANGED sweep

\* All have written.
AllHaveWritten(t) ==
    /\ Moves(t, "second wait", "testing")
    /\ Returns(t)
    /\ UNCHANGED <<sweep, settled>>

\* All values have settled: it leaves.
Leaves(t) ==
    /\ \A u \in Threads : settled[u]
    /\ Moves(t, "testing", "left")
    /\ UNCHANGED <<vars, sweep, settled>>

\* Some value has not: it begins the next sweep.
Repeats(t) ==
    /\ \E u \in Threads : ~settled[u]
    /\ Moves(t, "testing", "computing")
    /\ sweep' = [sweep EXCEPT ![t] = sweep[t] + 1]
    /\ UNCHANGED <<vars, settled>>

\* Within wait().
Inside(t) == GoesOn(t) /\ UNCHANGED <<at, sweep, settled>>

Step ==
    \E t \in Threads :
        \/ Compute(t)
        \/ AllHaveRead(t)
        \/ Write(t)
        \/ AllHaveWritten(t)
        \/ Leaves(t)
        \/ Repeats(t)
        \/ Inside(t)

\* In the end nothing happens any more, which is no mistake.
SolverNext == Step \/ UNCHANGED all

\* As long as there is something to do, something is done.
SolverSpec == SolverInit /\ [][SolverNext]_all /\ WF_all(Step)

-----------------------------------------------------------------------------
\* Nobody tests while another may write.  So it does not matter that the
\* program looks at one value after the other, and this model at all at once.
TestedApart ==
    \A t, u \in Threads : ~(at[t] = "testing" /\ at[u] = "writing")

\* All leave after the same sweep.
SameSweep ==
    \A t, u \in Threads : at[t] = "left" => sweep[u] <= sweep[t]

\* Nobody waits for ever.
AllLeave == <>(\A t \in Threads : at[t] = "left")

-----------------------------------------------------------------------------
\* What if the first wait were left out?  A value that is read too late is
\* newer, and does no harm to the equation.
ComputeHastily(t) ==
    /\ Moves(t, "computing", "writing")
    /\ UNCHANGED <<vars, sweep, settled>>
=============================================================================
