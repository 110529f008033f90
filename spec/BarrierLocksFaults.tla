------------------------- MODULE BarrierLocksFaults -------------------------
(***************************************************************************)
(* Shells of locks that are almost right.                                  *)
(*                                                                         *)
(* Each definition here replaces the one of BarrierLocks.tla that it is    *)
(* named for in a model that must fail, and changes one thing.  Most are   *)
(* the faults of tests/scheduler/faults.py, which are found in the code.   *)
(***************************************************************************)
EXTENDS BarrierLocks

\* A waiter is not among those that wait when it gives the lock back ...
CallsAfterNotYet(e, row, c) ==
    IF e = "WITHDRAW" THEN Without(c, calls[generation]) ELSE calls[generation]

\* ... but later.  This takes the place of a step that is not there without
\* exceptions.
ExceptRegisters(t) ==
    /\ pc[t] = "blocked" /\ CallOf(t) \notin Elements(calls[mine[CallOf(t)]])
    /\ calls' = [calls EXCEPT ![mine[CallOf(t)]] = Append(@, CallOf(t))]
    /\ UNCHANGED <<phase, arrived, generation, held, acting, outcome>>
    /\ UNCHANGED <<lock, left, shut, locals, pc, number, event, due, effects>>

\* The wake-up comes first, and then the store with the outcome.  Other does
\* nothing.
ApplyAfterWaking(t) ==
    /\ lock = t /\ pc[t] = "apply"
    /\ LET applies == t # Other /\ HasRow(event[t]) /\ Timely(event[t], CallOf(t))
           woken   == {c \in Elements(calls[generation]) :
                          /\ RowFor(event[t]).outcome # None
                          /\ c \in shut /\ pc[c[1]] \in {"blocked", "again"}}
       IN  CASE applies /\ woken # {} ->
                    /\ \E c \in woken : shut' = shut \ {c}
                    /\ UNCHANGED <<fields, locals, pc, effects>>
             [] applies /\ woken = {} ->
                    /\ Store(event[t], CallOf(t))
                    /\ Goes(t, "unlock")
                    /\ UNCHANGED shut
             [] OTHER ->
                    /\ Goes(t, "unlock")
                    /\ UNCHANGED <<fields, locals, effects, shut>>
    /\ UNCHANGED <<lock, left, number, event, due>>

WokenBefore(e, row) == <<>>

\* One is woken instead of all.
WokenIsOne(e, row) ==
    LET all == (IF row.outcome # None THEN calls[generation] ELSE <<>>)
               \o (IF EndsHolding(e, row) THEN held ELSE <<>>)
    IN  SubSeq(all, 1, IF Len(all) > 1 THEN 1 ELSE Len(all))

\* reset() ends a generation, and wakes nobody.
WokenButByReset(e, row) ==
    (IF row.outcome # None /\ e # "RESET" THEN calls[generation] ELSE <<>>)
    \o (IF EndsHolding(e, row) THEN held ELSE <<>>)

\* The waiters of the next generation are woken, of which there are none.
WokenOfTheNext(e, row) == IF EndsHolding(e, row) THEN held ELSE <<>>

\* The held calls are not woken.
WokenButHeld(e, row) == IF row.outcome # None THEN calls[generation] ELSE <<>>

\* A held call takes its wake-up for a release.
HeldAcquiresAndLeaves(t) ==
    /\ pc[t] = "held" /\ CallOf(t) \notin shut
    /\ shut'     = shut \cup {CallOf(t)}
    /\ location' = [location EXCEPT ![CallOf(t)] = "LEAVING"]
    /\ mine'     = [mine EXCEPT ![CallOf(t)] = generation]
    /\ Goes(t, "leave")
    /\ UNCHANGED <<fields, lock, left, gone, number, event, due, effects>>

\* A timeout does not look whether its generation has ended.
TimelyButTimeouts(e, c) ==
    /\ e = "WITHDRAW" => c \in Elements(calls[generation])
    /\ e \in {"ACTION_RETURNED", "ACTION_RAISED"} => c = acting

\* A withdrawal does not.
TimelyButWithdrawals(e, c) ==
    /\ e = "TIMEOUT" => c \in Elements(calls[generation])
    /\ e \in {"ACTION_RETURNED", "ACTION_RAISED"} => c = acting

\* A waiter in which an exception is raised tells nobody.
ExceptForgets(t) ==
    /\ pc[t] = "except"
    /\ Raises(t)
    /\ UNCHANGED <<phase, arrived, generation, held, acting, lock, left, event, effects>>

\* A waiter that withdraws stays among those that wait.
CallsAfterWithoutGap(e, row, c) ==
    IF row.location = "WAITING" THEN Append(calls[generation], c) ELSE calls[generation]

\* The calls that were held stay among those that are held.
HeldAfterAll(e, row, c) == IF row.location = "HELD" THEN Append(held, c) ELSE held

\* abort() ends the holding, and the held calls do not hear of it.
EndsHoldingButByAbort(e, row) ==
    phase \in Holding /\ row.phase \notin Holding /\ e # "ABORT"

\* A generation that has ended is filled again.
GenerationAfterIsTheSame(row) == generation

\* The action runs with the lock held.
UnlockUnlessActing(t) ==
    /\ lock = t /\ pc[t] = "unlock"
    /\ lock'  = IF t # Other /\ Then(t) = "action" THEN t ELSE Nobody
    /\ event' = [event EXCEPT ![t] = None]
    /\ Goes(t, IF t = Other THEN "outside" ELSE Then(t))
    /\ UNCHANGED <<fields, left, shut, locals, number, due, effects>>

\* A call that has timed out leaves, whatever came of it.
ThenTimedOutLeaves(t) ==
    CASE event[t] \in {"TIMEOUT", "ACTION_RETURNED"} -> "leave"
      [] event[t] = "RAISED" -> "except"
      [] event[t] = "ARRIVE" ->
            CASE location[CallOf(t)] = "HELD"    -> "held"
              [] location[CallOf(t)] = "WAITING" -> "blocked"
              [] location[CallOf(t)] = "ACTING"  -> "action"
              [] OTHER                           -> "leave"

\* wait() returns whatever the outcome is.
ReturnsAnyway(c) ==
    \/ location[c] = "LEAVING"
    \/ location[c] # "OUTSIDE" /\ outcome[mine[c]] # None

\* Whoever takes the lock does not look whether a step is due for others.
LockAtOnce(t) ==
    /\ lock = Nobody /\ pc[t] \in {"lock", "make_up"}
    /\ lock' = t
    /\ Goes(t, IF pc[t] = "lock" THEN "apply" ELSE "make_up")
    /\ UNCHANGED <<fields, left, shut, locals, number, event, due, effects>>

\* The lock is not reentrant: _make_up_for() waits for the lock that its own
\* thread has.
MakeUpTakesTheLock(t) ==
    /\ lock = Nobody /\ pc[t] = "make_up"
    /\ Lock(t)

\* An event is misspelt.
AcquireTimesOutMisspelt(t) ==
    /\ pc[t] = "blocked" /\ CallOf(t) \in shut
    /\ event' = [event EXCEPT ![t] = "TIME_OUT"]
    /\ Goes(t, "lock")
    /\ UNCHANGED <<fields, lock, left, shut, locals, number, due, effects>>

\* A thread that has been woken need not run.
GoesOnUnlessWoken(t) ==
    \/ Apply(t)
    \/ Wake(t)
    \/ Unlock(t)
    \/ MakeUp(t)
    \/ t \in Threads /\ (ActionReturns(t) \/ Leave(t) \/ Except(t))

\* There are as many names for generations as threads: each thread may still
\* be leaving one of its own when the next begins.
GenerationsTooFew == 1 .. Cardinality(Threads)
=============================================================================
