------------------------- MODULE BarrierLocksProof -------------------------
(***************************************************************************)
(* Why the barrier with its locks refines Barrier.tla for any number of    *)
(* parties, and of threads.                                                *)
(*                                                                         *)
(* A step of BarrierLocks.tla is a step of Barrier.tla, or changes nothing *)
(* that is seen there, only if it begins in a state that can be reached.   *)
(* LocksInvariant says enough of these states; it is inductive, like the   *)
(* invariant of BarrierProof.tla.  Of each conjunct it is said what it is  *)
(* needed for.                                                             *)
(*                                                                         *)
(* `verified-barrier prove --of BarrierLocks' has Z3 prove the theorem at  *)
(* the end, from the text of these modules.                                *)
(***************************************************************************)
EXTENDS BarrierLocks

-----------------------------------------------------------------------------
(***************************************************************************)
(* Who has the lock, and for what.                                         *)
(***************************************************************************)

\* Who makes up for others on its way to a step has the lock.  Without it, its own
\* step might have been forgotten meanwhile.
MakesUpWithLock == \A t \in Everybody : pc[t] = "make_up" /\ event[t] # None => lock = t

\* The other thread does nothing without the lock.  Without it, it might be in
\* wait().
OtherHasLock ==
    /\ event[Other] = None
    /\ pc[Other] \in {"outside", "apply", "wake", "unlock", "make_up"}
    /\ pc[Other] # "outside" => lock = Other

\* There are calls to wake exactly while somebody wakes them.  Without it, a step
\* might forget some.
EffectsAtWake ==
    /\ Len(effects) > 0 => \E t \in Everybody : lock = t /\ pc[t] = "wake"
    /\ \A t \in Everybody : pc[t] = "wake" => Len(effects) > 0

\* What is due is done before a step, and before the lock is given back.  Without
\* it, a call might arrive while it has still to make up for others.
DoneFirst ==
    \A t \in Everybody :
        /\ pc[t] = "apply" => due[t] = {}
        /\ pc[t] = "unlock" /\ event[t] # None => due[t] = {}

\* A thread has an event, and something due, only where it needs it.  Without it,
\* it might take the lock for nothing, or take a step that it never asked for.
EventFits ==
    \A t \in Threads :
        /\ pc[t] \in {"lock", "apply"} => event[t] \in {"ARRIVE", "TIMEOUT", "ACTION_RETURNED"}
        /\ pc[t] \in {"outside", "held", "blocked", "again", "action", "leave", "except"}
               => event[t] = None
        /\ pc[t] = "make_up" => event[t] # "RAISED"
        /\ event[t] = "RAISED" => pc[t] = "unlock"
        /\ pc[t] = "wake" /\ due[t] = {} => event[t] # None
        /\ pc[t] = "make_up" /\ event[t] = None => due[t] # {}
        /\ pc[t] \in {"outside", "held", "blocked", "again", "action", "leave", "except", "lock"}
               => due[t] = {}

-----------------------------------------------------------------------------
(***************************************************************************)
(* Calls that nobody is in, and calls on their way out with an exception.  *)
(***************************************************************************)

\* t has left its call behind, and looks for whom a step is due.
MakesUp(t) == event[t] = None /\ pc[t] \in {"make_up", "wake", "unlock"}

\* t is on its way out with an exception.
Excepted(t) == pc[t] = "except" \/ event[t] = "RAISED" \/ MakesUp(t)

\* A call that nobody is in, and that is not left, is as if it had never been.
\* Without it, the next call under its name would begin in the middle.
FreshCalls ==
    \A c \in Calls :
        IsAbandoned(c) /\ c \notin left =>
            /\ location[c] = "OUTSIDE"
            /\ mine[c] = NoGeneration
            /\ c \notin shut
            /\ c \notin gone

\* A call that is left is abandoned, or its thread is on its way out.  Without it,
\* a call might be made up for that still waits.
LeftOnWayOut == \A c \in left : ~IsAbandoned(c) => MakesUp(c[1])

\* A call that is no longer left is gone, when its thread is on its way out.
\* Without it, it might end before its step is taken.
DoneAreGone == \A t \in Threads : MakesUp(t) /\ CallOf(t) \notin left => CallOf(t) \in gone

\* And it will not be woken: without it, its end might leave it among those.
DoneAreOut ==
    \A t \in Threads :
        MakesUp(t) /\ CallOf(t) \notin left =>
            CallOf(t) \notin Elements(effects) /\ CallOf(t) \notin Elements(held)

\* A call whose step is due has arrived, or was refused.  Without it, there might
\* be no step for it in Barrier.tla.
ExceptedHaveArrived ==
    \A c \in Calls :
        (c \in left \/ (~IsAbandoned(c) /\ Excepted(c[1]))) /\ c \notin gone
            => location[c] \in {"WAITING", "ACTING", "OUTSIDE"}

\* What is due concerns calls that are left, or were.  Without it, a step might be
\* taken for a call that waits.
DueAreLeft ==
    \A t \in Everybody : \A c \in due[t] : c \in left \/ IsAbandoned(c) \/ MakesUp(c[1])

-----------------------------------------------------------------------------
(***************************************************************************)
(* Where a thread is, and where its call is.                               *)
(***************************************************************************)

\* t has the lock or waits for it, and has still to take its step.
IsBefore(t) == pc[t] \in {"lock", "apply", "make_up"} \/ (pc[t] = "wake" /\ due[t] # {})

\* It has taken it.
IsAfter(t) == pc[t] = "unlock" \/ (pc[t] = "wake" /\ due[t] = {})

\* A thread that blocks, or runs the action, is in a call that does.  Without it, a
\* waiter might time out that has never arrived.
BlocksInPlace ==
    \A t \in Threads :
        LET c == CallOf(t)
        IN  /\ pc[t] = "held"    => location[c] = "HELD" /\ c \notin gone
            /\ pc[t] = "blocked" => location[c] = "WAITING" /\ c \notin gone
            /\ pc[t] = "again"   => location[c] = "WAITING"
            /\ pc[t] = "action"  => acting = c

\* Before its step, a call is where the step begins.  Without it, it might arrive
\* twice.
StepsInPlace ==
    \A t \in Threads :
        LET c == CallOf(t)
        IN  /\ IsBefore(t) /\ event[t] = "ARRIVE" =>
                  /\ location[c] \in {"CALLING", "HELD"}
                  /\ c \notin gone
                  /\ c \in shut
                  /\ c \notin Elements(effects)
                  /\ c \notin Elements(held)
            /\ IsBefore(t) /\ event[t] = "TIMEOUT" => location[c] = "WAITING" /\ c \notin gone
            /\ IsBefore(t) /\ event[t] = "ACTION_RETURNED" => acting = c

\* After its step, it is where the step ends.  Without it, the thread might block
\* in a call that has left.
StaysInPlace ==
    \A t \in Threads :
        LET c == CallOf(t)
        IN  /\ IsAfter(t) /\ event[t] = "ARRIVE" =>
                  /\ c \notin gone
                  /\ location[c] \in {"HELD", "WAITING", "ACTING", "LEAVING", "OUTSIDE"}
                  /\ location[c] = "ACTING" => acting = c
                  /\ location[c] \in {"OUTSIDE", "LEAVING"} =>
                         c \notin Elements(effects) /\ c \notin Elements(held)
            /\ IsAfter(t) /\ event[t] = "TIMEOUT" => location[c] = "WAITING"
            /\ IsAfter(t) /\ event[t] = "ACTION_RETURNED" => location[c] = "ACTING" /\ acting # c

\* A call that leaves has an outcome, or was refused, or is gone.  Without it, its
\* end might be none in Barrier.tla.
LeavesInPlace ==
    \A t \in Threads :
        LET c == CallOf(t)
        IN  pc[t] = "leave" =>
                /\ c \notin Elements(effects) /\ c \notin Elements(held)
                /\ \/ c \in gone
                   \/ location[c] \in {"LEAVING", "OUTSIDE"}
                   \/ location[c] = "WAITING" /\ outcome[mine[c]] # None
                   \/ location[c] = "ACTING" /\ acting # c

-----------------------------------------------------------------------------
(***************************************************************************)
(* The lines of calls.                                                     *)
(***************************************************************************)

\* A waiter is in the line of its generation, which is the barrier's, or has ended.
\* Without it, it might have no index.
WaitersInLine ==
    \A c \in Calls :
        location[c] = "WAITING" /\ c \notin gone =>
            /\ mine[c] \in Generations
            /\ c \in Elements(calls[mine[c]])
            /\ mine[c] = generation \/ outcome[mine[c]] # None

\* Those in the line of the barrier's generation wait.  Without it, a step might
\* give an outcome to a call that is elsewhere.
LineWaits ==
    \A i \in DOMAIN calls[generation] :
        LET c == calls[generation][i]
        IN  /\ c \in Calls
            /\ location[c] = "WAITING"
            /\ mine[c] = generation
            /\ c \notin gone
            /\ c \in shut

\* Those in the line of the held are held.  Without it, a lock might be released
\* that is not acquired.
HeldAreHeld ==
    \A i \in DOMAIN held :
        held[i] \in Calls /\ location[held[i]] = "HELD" /\ held[i] \in shut

\* Nobody is in a line twice.  Without it, a waiter that withdraws would stay in it.
NobodyTwice ==
    /\ \A g \in Generations : \A i, j \in DOMAIN calls[g] : calls[g][i] = calls[g][j] => i = j
    /\ \A i, j \in DOMAIN held : held[i] = held[j] => i = j
    /\ \A i, j \in DOMAIN effects : effects[i] = effects[j] => i = j

\* Those who are to be woken are no longer in a line.  Without it, they might be
\* woken twice.
EffectsApart ==
    /\ \A i \in DOMAIN effects :
           effects[i] \in Calls /\ effects[i] \in shut /\ effects[i] \notin Elements(held)
    /\ Len(effects) > 0 => Len(calls[generation]) = 0

-----------------------------------------------------------------------------
(***************************************************************************)
(* Generations and their outcomes.                                         *)
(***************************************************************************)

\* The barrier's generation has not ended.  Without it, an outcome might be written
\* over.
IsOpen == outcome[generation] = None

\* A tripper's generation is the barrier's, or has ended.  Without it, the tripper
\* might leave without an outcome.
TripperInGeneration ==
    \A c \in Calls :
        location[c] = "ACTING" /\ c \notin gone =>
            /\ mine[c] \in Generations
            /\ IF acting = c /\ phase = "TRIPPING"
               THEN mine[c] = generation
               ELSE outcome[mine[c]] # None

\* An action that ends too late is of a generation that was not released.  Without
\* it, its tripper might lose its index.
LateIsNotReleased ==
    \A c \in Calls : acting = c /\ phase # "TRIPPING" => outcome[mine[c]] # "RELEASED"

\* An action runs exactly in three phases, in a call that is there.  Without it, an
\* action might return that Barrier.tla does not know of.
ActingIsThere ==
    /\ acting = NoCall <=> phase \notin {"TRIPPING", "RESETTING", "BREAKING"}
    /\ acting # NoCall => acting \in Calls /\ location[acting] = "ACTING" /\ acting \notin gone

\* Who has released the others is released.  Without it, it might return without
\* an index.
LeavingIsReleased ==
    \A c \in Calls :
        location[c] = "LEAVING" => mine[c] \in Generations /\ outcome[mine[c]] = "RELEASED"

\* A call that has not arrived is in no generation.  Without it, it might have an
\* outcome.
UnarrivedInNone ==
    \A c \in Calls : location[c] \in {"CALLING", "HELD", "OUTSIDE"} => mine[c] = NoGeneration

\* The count is the number of those that wait, and of the tripper.  Without it, a
\* waiter's place might not be the index that Barrier.tla gives it.
CountIsRight ==
    /\ arrived = Len(calls[generation]) + (IF phase = "TRIPPING" THEN 1 ELSE 0)
    /\ phase = "FILLING" => arrived < Parties
    /\ phase \in {"RESETTING", "BREAKING", "BROKEN"} => arrived = 0
    /\ phase = "TRIPPING" => HasAction /\ arrived <= Parties

-----------------------------------------------------------------------------
LocksInvariant ==
    /\ LocksTypeOK
    /\ LockIsHeld
    /\ MakesUpWithLock
    /\ OtherHasLock
    /\ EffectsAtWake
    /\ DoneFirst
    /\ EventFits
    /\ FreshCalls
    /\ LeftOnWayOut
    /\ DoneAreGone
    /\ DoneAreOut
    /\ ExceptedHaveArrived
    /\ DueAreLeft
    /\ BlocksInPlace
    /\ StepsInPlace
    /\ StaysInPlace
    /\ LeavesInPlace
    /\ WaitersInLine
    /\ LineWaits
    /\ HeldAreHeld
    /\ NobodyTwice
    /\ EffectsApart
    /\ IsOpen
    /\ TripperInGeneration
    /\ LateIsNotReleased
    /\ ActingIsThere
    /\ LeavingIsReleased
    /\ UnarrivedInNone
    /\ CountIsRight

(***************************************************************************)
(* In Python there is always an object for the next generation.  Here      *)
(* there are names enough: Generations has as many as can be referred to   *)
(* at a time, and one more; this is checked by TLC, and not proved.        *)
(***************************************************************************)
THEOREM Spec /\ []EnoughGenerations => []LocksInvariant /\ RefinesBarrier
=============================================================================
