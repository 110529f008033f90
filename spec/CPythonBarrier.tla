--------------------------- MODULE CPythonBarrier ---------------------------
(***************************************************************************)
(* What CPython's barrier does: threading.Barrier of CPython 3.13.         *)
(*                                                                         *)
(* The names are those of its source, Lib/threading.py: the fields _state, *)
(* _count and _cond without their underscores, the methods wait, _enter,   *)
(* _wait, _release, _exit, _break, abort and reset, and the _waiters of    *)
(* the condition variable.                                                 *)
(*                                                                         *)
(* The barrier has one lock, that of its condition variable.  Whoever has  *)
(* it runs on until it waits on the condition variable, which gives the    *)
(* lock up, or leaves.  Nobody else sees anything in between, so each such *)
(* stretch is one step here.  The exception is the action, which runs with *)
(* the lock held: its beginning and its end are two steps.                 *)
(*                                                                         *)
(* Not modelled: what an exception does that is raised while a thread has  *)
(* the lock, or is about to take it back.                                  *)
(***************************************************************************)
EXTENDS Integers, FiniteSets

CONSTANTS
    Threads,    \* the threads that may call wait()
    Parties,    \* how many threads must arrive for one crossing
    HasAction   \* is an action run before each release?

ASSUME /\ IsFiniteSet(Threads)
       /\ Parties \in Nat \ {0}
       /\ HasAction \in BOOLEAN

VARIABLES
    state,      \* 0 filling, 1 draining, -1 resetting, -2 broken
    count,      \* how many threads are past _enter() and not through _exit()
    waiters,    \* the threads that wait on the condition variable, not notified yet
    pc,         \* pc[t]: where thread t is blocked, or goes next
    index       \* index[t]: the local variable of wait()

vars == <<state, count, waiters, pc, index>>

States == {"filling", "draining", "resetting", "broken"}

(***************************************************************************)
(* outside: not in wait().  with: in wait(), about to take the lock.       *)
(* _enter, _wait: in that method, waiting on the condition variable; once  *)
(* notified, about to take the lock back.  _release: there, running the    *)
(* action, with the lock.  return, raise: without the lock, about to       *)
(* return the index, or to raise BrokenBarrierError.                       *)
(***************************************************************************)
Locations == {"outside", "with", "_enter", "_wait", "_release", "return", "raise"}

NoIndex == -1

Init ==
    /\ state   = "filling"
    /\ count   = 0
    /\ waiters = {}
    /\ pc      = [t \in Threads |-> "outside"]
    /\ index   = [t \in Threads |-> NoIndex]

-----------------------------------------------------------------------------
(***************************************************************************)
(* The words that the steps below are written in.                          *)
(***************************************************************************)

LockIsFree == \A t \in Threads : pc[t] # "_release"

\* t has the lock in _enter(): for the first time, or after a notification.
Enters(t) ==
    /\ LockIsFree
    /\ pc[t] = "with" \/ (pc[t] = "_enter" /\ t \notin waiters)

\* t has been notified in _wait(), and has the lock back.
Wakes(t) == LockIsFree /\ pc[t] = "_wait" /\ t \notin waiters

\* The next thread past _enter() releases the barrier.
IsLast == count + 1 = Parties

NotifyAll == {}

\* The state becomes s, and a thread that is counted goes through _exit(),
\* which leaves c threads: the last one out opens the barrier again.  The
\* threads in w are those that have not been notified by then.
Exit(s, c, w) ==
    LET opens == c = 0 /\ s \in {"draining", "resetting"}
    IN  /\ state'   = IF opens THEN "filling" ELSE s
        /\ count'   = c
        /\ waiters' = IF opens THEN NotifyAll ELSE w

Goes(t, where) == pc' = [pc EXCEPT ![t] = where]

\* What t leaves behind when it is out of wait().
Forgets(t) == index' = [index EXCEPT ![t] = NoIndex]

-----------------------------------------------------------------------------
(***************************************************************************)
(* wait()                                                                  *)
(***************************************************************************)

\* A thread calls wait().
Call(t) ==
    /\ pc[t] = "outside"
    /\ Goes(t, "with")
    /\ UNCHANGED <<state, count, waiters, index>>

\* _enter(): it is draining or resetting, wait until done.
EnterWaits(t) ==
    /\ Enters(t) /\ state \in {"draining", "resetting"}
    /\ waiters' = waiters \cup {t}
    /\ Goes(t, "_enter")
    /\ UNCHANGED <<state, count, index>>

\* _enter(): it is broken.
EnterRaises(t) ==
    /\ Enters(t) /\ state = "broken"
    /\ Goes(t, "outside")
    /\ UNCHANGED <<state, count, waiters, index>>

\* Past _enter(), not the last: _wait() until someone releases us.
Wait(t) ==
    /\ Enters(t) /\ state = "filling" /\ ~IsLast
    /\ index'   = [index EXCEPT ![t] = count]
    /\ count'   = count + 1
    /\ waiters' = waiters \cup {t}
    /\ Goes(t, "_wait")
    /\ UNCHANGED state

\* Past _enter(), the last, without an action: _release() and _exit().
Release(t) ==
    /\ Enters(t) /\ state = "filling" /\ IsLast /\ ~HasAction
    /\ index' = [index EXCEPT ![t] = count]
    /\ Exit("draining", count, NotifyAll)
    /\ Goes(t, "return")

\* Past _enter(), the last, with an action: _release() begins to run it.
ReleaseActs(t) ==
    /\ Enters(t) /\ state = "filling" /\ IsLast /\ HasAction
    /\ index' = [index EXCEPT ![t] = count]
    /\ count' = count + 1
    /\ Goes(t, "_release")
    /\ UNCHANGED <<state, waiters>>

\* The action returns: _release() enters the draining state.
ActionReturned(t) ==
    /\ pc[t] = "_release"
    /\ Exit("draining", count - 1, NotifyAll)
    /\ Goes(t, "return")
    /\ UNCHANGED index

\* The action raises: _break() and reraise.
ActionRaised(t) ==
    /\ pc[t] = "_release"
    /\ Exit("broken", count - 1, NotifyAll)
    /\ Goes(t, "outside")
    /\ Forgets(t)

\* _wait() finds that the barrier has been released.
WaitReturns(t) ==
    /\ Wakes(t) /\ state = "draining"
    /\ Exit(state, count - 1, waiters)
    /\ Goes(t, "return")
    /\ UNCHANGED index

\* _wait() finds that the barrier is reset or broken.
WaitRaises(t) ==
    /\ Wakes(t) /\ state \in {"resetting", "broken"}
    /\ Exit(state, count - 1, waiters)
    /\ Goes(t, "raise")
    /\ Forgets(t)

\* _wait() timed out, and with the lock back still finds the barrier filling:
\* it breaks the barrier.  In any other state the timeout is not looked at.
TimeOut(t) ==
    /\ LockIsFree /\ pc[t] = "_wait" /\ state = "filling"
    /\ Exit("broken", count - 1, NotifyAll)
    /\ Goes(t, "outside")
    /\ Forgets(t)

\* An exception is raised in _wait(), such as KeyboardInterrupt: with the lock
\* back, t is no longer counted.
Withdraw(t) ==
    /\ LockIsFree /\ pc[t] = "_wait" /\ state = "filling"
    /\ Exit(state, count - 1, waiters \ {t})
    /\ Goes(t, "outside")
    /\ Forgets(t)

\* An exception is raised in a call that is not counted yet: while it waits for
\* the lock, or in _enter(), which has to have the lock back before it raises.
WithdrawCall(t) ==
    /\ pc[t] = "with" \/ (pc[t] = "_enter" /\ LockIsFree)
    /\ waiters' = waiters \ {t}
    /\ Goes(t, "outside")
    /\ UNCHANGED <<state, count, index>>

\* wait() returns, or raises, what has been decided under the lock.
Leave(t) ==
    /\ pc[t] \in {"return", "raise"}
    /\ Goes(t, "outside")
    /\ Forgets(t)
    /\ UNCHANGED <<state, count, waiters>>

-----------------------------------------------------------------------------
(***************************************************************************)
(* abort() is _break() with the lock held, whatever the state.  Each state *)
(* has a step with a name of its own, because it makes a difference.       *)
(***************************************************************************)
Break ==
    /\ LockIsFree
    /\ state'   = "broken"
    /\ waiters' = NotifyAll
    /\ UNCHANGED <<count, pc, index>>

AbortFilling   == state = "filling"   /\ Break
AbortDraining  == state = "draining"  /\ Break
AbortResetting == state = "resetting" /\ Break
AbortBroken    == state = "broken"    /\ Break

-----------------------------------------------------------------------------
(***************************************************************************)
(* reset() does nothing to a barrier that is draining or resetting, where  *)
(* threads are counted always.                                             *)
(***************************************************************************)
Reset(s) ==
    /\ LockIsFree
    /\ state'   = IF count > 0 THEN s ELSE "filling"
    /\ waiters' = NotifyAll
    /\ UNCHANGED <<count, pc, index>>

ResetFilling   == state = "filling"   /\ Reset("resetting")
ResetDraining  == state = "draining"  /\ Reset("draining")
ResetResetting == state = "resetting" /\ Reset("resetting")
ResetBroken    == state = "broken"    /\ Reset("resetting")

-----------------------------------------------------------------------------
Next ==
    \/ \E t \in Threads : Call(t)
    \/ \E t \in Threads : EnterWaits(t)
    \/ \E t \in Threads : EnterRaises(t)
    \/ \E t \in Threads : Wait(t)
    \/ \E t \in Threads : Release(t)
    \/ \E t \in Threads : ReleaseActs(t)
    \/ \E t \in Threads : ActionReturned(t)
    \/ \E t \in Threads : ActionRaised(t)
    \/ \E t \in Threads : WaitReturns(t)
    \/ \E t \in Threads : WaitRaises(t)
    \/ \E t \in Threads : TimeOut(t)
    \/ \E t \in Threads : Withdraw(t)
    \/ \E t \in Threads : WithdrawCall(t)
    \/ \E t \in Threads : Leave(t)
    \/ AbortFilling
    \/ AbortDraining
    \/ AbortResetting
    \/ AbortBroken
    \/ ResetFilling
    \/ ResetDraining
    \/ ResetResetting
    \/ ResetBroken

Spec == Init /\ [][Next]_vars

-----------------------------------------------------------------------------
(***************************************************************************)
(* What holds in every state.  The second and the third are why the steps  *)
(* above need no case for a thread that is woken for nothing in _wait().   *)
(***************************************************************************)

\* Every variable is in its domain.
CPythonTypeOK ==
    /\ state   \in States
    /\ count   \in 0 .. Parties
    /\ waiters \subseteq {t \in Threads : pc[t] \in {"_enter", "_wait"}}
    /\ pc      \in [Threads -> Locations]
    /\ index   \in [Threads -> (0 .. Parties - 1) \cup {NoIndex}]

\* `count' is what its comment says, and only a barrier that somebody has
\* still to leave is draining or resetting.
CountIsRight ==
    /\ count = Cardinality({t \in Threads : pc[t] \in {"_wait", "_release"}})
    /\ state \in {"draining", "resetting"} => count > 0

\* A thread waits on in _wait() as long as the barrier is filling, and no longer.
WaitsWhileFilling ==
    \A t \in Threads : pc[t] = "_wait" => (t \in waiters <=> state = "filling")

-----------------------------------------------------------------------------
(***************************************************************************)
(* A model puts these in the place of a step that it excludes.             *)
(***************************************************************************)
Excluded == FALSE
ExcludedFor(t) == FALSE
=============================================================================
