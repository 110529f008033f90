---------------------------- MODULE BarrierLocks ----------------------------
(***************************************************************************)
(* How the barrier of barrier.py keeps the promises of Barrier.tla.        *)
(*                                                                         *)
(* Barrier.tla says that an arrival, or a timeout, or an abort happens in  *)
(* one step, whatever it does to other threads.  In Python it takes many:  *)
(* a thread takes the barrier's lock, stores what changes, wakes calls one *)
(* by one, and gives the lock back, and the others run on meanwhile.  Here *)
(* each of these is a step of its own.  RefinesBarrier says that, taken    *)
(* together, they come to the steps of Barrier.tla and to no others.       *)
(*                                                                         *)
(* Stores that nobody can tell apart are one step: what is stored with the *)
(* lock held is read by those that have the lock, by calls that have been  *)
(* woken later, and, as far as n_waiting and broken go, without the lock,  *)
(* but these read the one field _state.                                    *)
(*                                                                         *)
(* Not modelled: a signal handler that calls the barrier in the middle of  *)
(* a step of its own thread; a fork; timeouts that are refused; and wait() *)
(* called by the action.                                                   *)
(***************************************************************************)
EXTENDS Integers, Sequences, FiniteSets, TLC

CONSTANTS
    Threads,    \* the threads that may call wait()
    Parties,    \* how many threads must arrive for one crossing
    HasAction,  \* is an action run before each release?
    Other,      \* one more thread, which never calls wait(), but abort(), reset(), ...
    Nobody      \* who has the lock, when nobody has it

ASSUME /\ IsFiniteSet(Threads)
       /\ Parties \in Nat \ {0}
       /\ HasAction \in BOOLEAN
       /\ Other \notin Threads \cup {Nobody}
       /\ Nobody \notin Threads

(***************************************************************************)
(* Two bounds on what exceptions do, for which a model may put Zero and    *)
(* Never.  Within them exceptions are raised wherever Python can raise one,*)
(* again and again, in one call after the other.                           *)
(***************************************************************************)

\* How many calls at a time may be on their way out with an exception.
MostLeft == 1
Zero     == 0

\* Whether another exception may be raised in a call that is on its way out.
AndAgain == TRUE
Never    == FALSE

\* That an action calls abort() or reset() makes no difference: it has no lock.
Everybody == Threads \cup {Other}

\* A call stands for its lock.  A thread has one call at a time; but when an
\* exception has ended its last one before the step that is due was taken, that
\* call is still known to the barrier, and the next call is another.
Calls == Threads \X (IF MostLeft > 0 /\ AndAgain THEN {1, 2} ELSE {1})

\* The names of generation objects.  A name that nobody refers to any more
\* is given to the next object.
Generations == 1 .. Cardinality(Threads) + MostLeft + 1

VARIABLES
    \* The fields of the barrier.
    lock,       \* _lock: the thread that has it
    phase,      \* _state.phase
    arrived,    \* _state.arrived
    generation, \* _generation
    held,       \* _held.calls
    acting,     \* _acting
    left,       \* _left, without an order
    \* The fields of each generation, and the locks of the calls.
    calls,      \* calls[g]: the calls that wait for it, in their order
    outcome,    \* outcome[g]
    shut,       \* the calls whose lock is acquired
    \* The local variables of wait().
    location,   \* location[c]: CALLING before it is assigned
    mine,       \* mine[c]: generation, from the arrival on
    \* The local variables of whoever takes a step.
    pc,         \* pc[t]: what thread t does next
    number,     \* number[t]: which of its calls it is in
    event,      \* event[t]: the event for which it takes the lock; RAISED: none any more
    due,        \* due[t]: the calls in the loop of _make_up()
    effects,    \* effects: the calls that whoever has the lock has still to wake
    \* Not in the code, and without effect: RefinesBarrier needs it.
    gone        \* the calls that the barrier no longer reckons with

fields  == <<phase, arrived, generation, held, acting, calls, outcome>>
locals  == <<location, mine, gone>>
vars    == <<fields, lock, left, shut, locals, pc, number, event, due, effects>>

NoCall       == <<Nobody, 0>>
NoGeneration == 0
None         == "NONE"

(***************************************************************************)
(* What a thread does next, and the line of barrier.py with which that     *)
(* begins.                                                                 *)
(***************************************************************************)
Labels == {
    "outside",  \* def wait(
    "lock",     \* with self._lock:
    "apply",    \* def _apply(
    "wake",     \* any(effects)
    "unlock",   \* return location, generation
    "held",     \* while location is _HELD:
    "blocked",  \* elif not call.acquire(timeout=_until(deadline)):
    "again",    \* # There was no such step while the action ran: its end is an outcome.
    "action",   \* self._action()
    "leave",    \* place = generation.calls.index(call)
    "except",   \* self._left.append(call)
    "make_up"   \* def _make_up_for(
}

Events == {"ARRIVE", "ACTION_RETURNED", "TIMEOUT", "RAISED", None}

Init ==
    /\ lock       = Nobody
    /\ phase      = "FILLING"
    /\ arrived    = 0
    /\ generation = 1
    /\ held       = <<>>
    /\ acting     = NoCall
    /\ left       = {}
    /\ calls      = [g \in Generations |-> <<>>]
    /\ outcome    = [g \in Generations |-> None]
    /\ shut       = {}
    /\ location   = [c \in Calls |-> "OUTSIDE"]
    /\ mine       = [c \in Calls |-> NoGeneration]
    /\ pc         = [t \in Everybody |-> "outside"]
    /\ number     = [t \in Threads |-> 1]
    /\ event      = [t \in Everybody |-> None]
    /\ due        = [t \in Everybody |-> {}]
    /\ effects    = <<>>
    /\ gone       = {}

-----------------------------------------------------------------------------
(***************************************************************************)
(* The words that the steps below are written in.                          *)
(***************************************************************************)

\* The call that t is in.
CallOf(t) == IF t = Other THEN NoCall ELSE <<t, number[t]>>

Elements(s) == {s[i] : i \in DOMAIN s}

Without(c, s) ==
    LET place == CHOOSE i \in DOMAIN s : s[i] = c
    IN  IF c \in Elements(s)
        THEN [i \in 1 .. Len(s) - 1 |-> IF i < place THEN s[i] ELSE s[i + 1]]
        ELSE s

\* The place of c among those that wait, counted from 0.
PlaceIn(c, s) == IF c \in Elements(s) THEN (CHOOSE i \in DOMAIN s : s[i] = c) - 1 ELSE -1

Goes(t, label) == pc' = [pc EXCEPT ![t] = label]

\* Nobody refers to an object of a generation that is neither the barrier's nor
\* any call's: what it was is forgotten.
Collect ==
    LET used(g) == g = generation \/ \E c \in Calls : mine'[c] = g
    IN  /\ calls'   = [g \in Generations |-> IF used(g) THEN calls[g] ELSE <<>>]
        /\ outcome' = [g \in Generations |-> IF used(g) THEN outcome[g] ELSE None]

\* Nobody refers to c any more.
Ends(c) ==
    /\ location' = [location EXCEPT ![c] = "OUTSIDE"]
    /\ mine'     = [mine EXCEPT ![c] = NoGeneration]
    /\ shut'     = shut \ {c}
    /\ gone'     = gone \ {c}
    /\ Collect

-----------------------------------------------------------------------------
(***************************************************************************)
(* What the table says, as machine.step returns it: the state that follows *)
(* an event, where the call goes to which it happens, and the outcome of   *)
(* the generation, if it ends.                                             *)
(***************************************************************************)
Row(p, a, l, o) == [phase |-> p, arrived |-> a, location |-> l, outcome |-> o]

Holding == {"TRIPPING", "RESETTING"}

IsActing == phase \in {"TRIPPING", "RESETTING", "BREAKING"}

Arrival ==
    CASE phase \in Holding              -> Row(phase, arrived, "HELD", None)
      [] phase \in {"BREAKING", "BROKEN"} -> Row(phase, arrived, "OUTSIDE", None)
      [] phase = "FILLING" ->
            IF arrived + 1 < Parties THEN Row(phase, arrived + 1, "WAITING", None)
            ELSE IF HasAction THEN Row("TRIPPING", arrived + 1, "ACTING", None)
            ELSE Row(phase, 0, "LEAVING", "RELEASED")

ActionReturned ==
    CASE phase = "TRIPPING"  -> Row("FILLING", 0, "LEAVING", "RELEASED")
      [] phase = "RESETTING" -> Row("FILLING", 0, "LEAVING", None)
      [] phase = "BREAKING"  -> Row("BROKEN", 0, "LEAVING", None)

ActionRaised ==
    CASE phase = "TRIPPING"  -> Row("BROKEN", 0, "OUTSIDE", "BROKEN")
      [] phase = "RESETTING" -> Row("FILLING", 0, "OUTSIDE", None)
      [] phase = "BREAKING"  -> Row("BROKEN", 0, "OUTSIDE", None)

Abort ==
    CASE phase = "FILLING"  -> Row("BROKEN", 0, None, "BROKEN")
      [] phase = "TRIPPING" -> Row("BREAKING", 0, None, "BROKEN")
      [] phase \in {"RESETTING", "BREAKING"} -> Row("BREAKING", 0, None, None)
      [] phase = "BROKEN"   -> Row(phase, 0, None, None)

Reset ==
    CASE phase = "FILLING"  -> Row(phase, 0, None, "RESET")
      [] phase = "TRIPPING" -> Row("RESETTING", 0, None, "RESET")
      [] phase \in {"RESETTING", "BREAKING"} -> Row("RESETTING", 0, None, None)
      [] phase = "BROKEN"   -> Row("FILLING", 0, None, None)

RowFor(e) ==
    CASE e = "ARRIVE"          -> Arrival
      [] e = "ACTION_RETURNED" -> ActionReturned
      [] e = "ACTION_RAISED"   -> ActionRaised
      [] e = "TIMEOUT"         -> Row("BROKEN", 0, "OUTSIDE", "BROKEN")
      [] e = "WITHDRAW"        -> Row(phase, arrived - 1, "OUTSIDE", None)
      [] e = "ABORT"           -> Abort
      [] e = "RESET"           -> Reset

\* The table has a row for it.
HasRow(e) ==
    /\ e = "TIMEOUT"  => phase = "FILLING"
    /\ e = "WITHDRAW" => phase \in {"FILLING", "TRIPPING"}
    /\ e \in {"ACTION_RETURNED", "ACTION_RAISED"} => IsActing

\* And c is where it must be for that: what it waited for may have ended, or
\* may never have begun.
Timely(e, c) ==
    /\ e \in {"TIMEOUT", "WITHDRAW"} => c \in Elements(calls[generation])
    /\ e \in {"ACTION_RETURNED", "ACTION_RAISED"} => c = acting

-----------------------------------------------------------------------------
(***************************************************************************)
(* _apply(): what is stored, all without a call, and then whom any(effects)*)
(* has to wake.                                                            *)
(***************************************************************************)

\* The calls of the current generation, after an event that happens to c.
CallsAfter(e, row, c) ==
    CASE row.location = "WAITING" -> Append(calls[generation], c)
      [] e = "WITHDRAW"           -> Without(c, calls[generation])
      [] OTHER                    -> calls[generation]

\* Whether the calls that are held may arrive now.
EndsHolding(e, row) == phase \in Holding /\ row.phase \notin Holding

HeldAfter(e, row, c) ==
    CASE EndsHolding(e, row)    -> <<>>
      [] row.location = "HELD" -> Append(held, c)
      [] OTHER                 -> held

Woken(e, row) ==
    (IF row.outcome # None THEN calls[generation] ELSE <<>>)
    \o (IF EndsHolding(e, row) THEN held ELSE <<>>)

\* A generation that has ended is no longer the barrier's.
GenerationAfter(row) ==
    LET unused == {g \in Generations : \A c \in Calls : mine'[c] # g}
    IN  CASE row.outcome = None -> generation
          [] row.outcome # None /\ unused # {} -> CHOOSE g \in unused : TRUE
          [] OTHER -> NoGeneration

\* The call keeps the generation in which it has arrived.
Keeps(e, row, c) ==
    IF e = "ARRIVE" /\ row.location \in {"WAITING", "ACTING", "LEAVING"}
    THEN mine' = [mine EXCEPT ![c] = generation]
    ELSE UNCHANGED mine

Store(e, c) ==
    LET row     == RowFor(e)
        ends    == row.outcome # None
        used(g) == (g = generation' /\ ~ends) \/ \E d \in Calls : mine'[d] = g
    IN
    /\ Keeps(e, row, c)
    /\ phase'      = row.phase
    /\ arrived'    = row.arrived
    /\ generation' = GenerationAfter(row)
    /\ calls'      = [g \in Generations |->
                         CASE ~used(g)       -> <<>>
                           [] g = generation -> CallsAfter(e, row, c)
                           [] OTHER          -> calls[g]]
    /\ outcome'    = [g \in Generations |->
                         CASE ~used(g)       -> None
                           [] g = generation -> row.outcome
                           [] OTHER          -> outcome[g]]
    /\ held'       = HeldAfter(e, row, c)
    /\ acting'     = CASE row.location = "ACTING" -> c
                       [] e \in {"ACTION_RETURNED", "ACTION_RAISED"} -> NoCall
                       [] OTHER -> acting
    /\ effects'    = Woken(e, row)
    /\ location'   = IF e = "ARRIVE" THEN [location EXCEPT ![c] = row.location] ELSE location
    /\ gone'       = IF e # "ARRIVE" /\ row.location = "OUTSIDE" THEN gone \cup {c} ELSE gone

-----------------------------------------------------------------------------
(***************************************************************************)
(* With the lock.                                                          *)
(***************************************************************************)

\* t takes the lock.  If there are steps due for calls that were left, these
\* come first.  It looks for them as it takes the lock: a call that is left a
\* little later might as well have been left before.
Lock(t) ==
    /\ lock = Nobody /\ pc[t] \in {"lock", "make_up"}
    /\ lock' = t
    /\ IF pc[t] = "lock" /\ left = {}
       THEN Goes(t, "apply") /\ UNCHANGED due
       ELSE /\ Goes(t, "make_up")
            /\ due' = IF pc[t] = "lock" THEN [due EXCEPT ![t] = left] ELSE due
    /\ UNCHANGED <<fields, left, shut, locals, number, event, effects>>

\* It takes the step that the table has, if there is one.
Apply(t) ==
    /\ lock = t /\ pc[t] = "apply"
    /\ \E e \in {"ARRIVE", "ACTION_RETURNED", "TIMEOUT", "ABORT", "RESET"} :
          /\ e \in IF t = Other THEN {"ABORT", "RESET"} ELSE {event[t]}
          /\ IF HasRow(e) /\ Timely(e, CallOf(t))
             THEN /\ Store(e, CallOf(t))
                  /\ Goes(t, IF effects' = <<>> THEN "unlock" ELSE "wake")
             ELSE /\ Goes(t, "unlock")
                  /\ UNCHANGED <<fields, locals, effects>>
    /\ UNCHANGED <<lock, left, shut, number, event, due>>

\* It wakes the next call, which may go on at once.
Wake(t) ==
    /\ lock = t /\ pc[t] = "wake"
    /\ shut'    = shut \ {Head(effects)}
    /\ effects' = Tail(effects)
    /\ Goes(t, CASE effects' # <<>> -> "wake"
                 [] due[t] # {}     -> "make_up"
                 [] OTHER           -> "unlock")
    /\ UNCHANGED <<fields, lock, left, locals, number, event, due>>

\* What a thread does in wait() when it has given the lock back.
Then(t) ==
    CASE event[t] = "TIMEOUT"         -> "again"
      [] event[t] = "ACTION_RETURNED" -> "leave"
      [] event[t] = "RAISED"          -> "except"
      [] event[t] = "ARRIVE" ->
            CASE location[CallOf(t)] = "HELD"    -> "held"
              [] location[CallOf(t)] = "WAITING" -> "blocked"
              [] location[CallOf(t)] = "ACTING"  -> "action"
              [] OTHER                           -> "leave"

\* An exception leaves wait(), whether or not the step that was due is taken.
Raises(t) ==
    /\ Goes(t, "outside")
    /\ number' = [number EXCEPT ![t] = 1]
    /\ due'    = [due EXCEPT ![t] = {}]
    /\ IF CallOf(t) \in left
       THEN UNCHANGED <<shut, locals, calls, outcome>>
       ELSE Ends(CallOf(t))

\* It gives the lock back.
Unlock(t) ==
    /\ lock = t /\ pc[t] = "unlock"
    /\ lock' = Nobody
    /\ event' = [event EXCEPT ![t] = None]
    /\ CASE t \in Threads /\ event[t] = None /\ due[t] = {} -> Raises(t)
         [] t \in Threads /\ event[t] = None /\ due[t] # {} ->
                Goes(t, "make_up") /\ UNCHANGED <<number, due, shut, locals, calls, outcome>>
         [] OTHER ->
                /\ Goes(t, IF t = Other THEN "outside" ELSE Then(t))
                /\ UNCHANGED <<number, due, shut, locals, calls, outcome>>
    /\ UNCHANGED <<phase, arrived, generation, held, acting, left, effects>>

-----------------------------------------------------------------------------
(***************************************************************************)
(* _make_up(): the steps that are due for calls that were left.            *)
(***************************************************************************)

\* The thread of c is no longer in it.
IsAbandoned(c) == pc[c[1]] = "outside" \/ number[c[1]] # c[2]

\* There is nothing more to do for c.
Forget(t, c) ==
    /\ left' = left \ {c}
    /\ due'  = [due EXCEPT ![t] = @ \ {c}]
    /\ held' = Without(c, held)
    /\ CASE c \in left /\ IsAbandoned(c) -> Ends(c)
         [] c \in left /\ ~IsAbandoned(c) ->
                gone' = gone \cup {c} /\ UNCHANGED <<shut, location, mine, calls, outcome>>
         [] OTHER -> UNCHANGED <<shut, locals, calls, outcome>>
    /\ Goes(t, CASE t # Other /\ event[t] = None -> "unlock"
                 [] due'[t] # {} -> "make_up"
                 [] OTHER        -> "apply")
    /\ UNCHANGED <<phase, arrived, generation, acting, effects>>

\* t takes the step that is due for c; if there is none any more, it forgets c.
MakeUp(t) ==
    /\ lock = t /\ pc[t] = "make_up"
    /\ \E c \in due[t] :
          LET possible == {e \in {"WITHDRAW", "ACTION_RAISED"} : HasRow(e) /\ Timely(e, c)}
          IN  IF possible = {} THEN Forget(t, c)
              ELSE /\ \E e \in possible : Store(e, c)
                   /\ Goes(t, IF effects' = <<>> THEN "make_up" ELSE "wake")
                   /\ UNCHANGED <<left, due, shut>>
    /\ UNCHANGED <<lock, number, event>>

-----------------------------------------------------------------------------
(***************************************************************************)
(* wait().                                                                 *)
(***************************************************************************)

\* Nobody knows an earlier call under this name.
IsUnused(c) ==
    /\ c \notin left /\ c \notin Elements(effects)
    /\ \A t \in Everybody : c \notin due[t]

\* A thread calls wait(), which makes a lock that is shut.
Call(t) ==
    /\ pc[t] = "outside"
    /\ LET unused == {n \in {1, 2} : <<t, n>> \in Calls /\ IsUnused(<<t, n>>)}
           n      == CHOOSE m \in unused : TRUE
       IN  /\ unused # {}
           /\ number'   = [number EXCEPT ![t] = n]
           /\ shut'     = shut \cup {<<t, n>>}
           /\ location' = [location EXCEPT ![<<t, n>>] = "CALLING"]
    /\ event' = [event EXCEPT ![t] = "ARRIVE"]
    /\ Goes(t, "lock")
    /\ UNCHANGED <<fields, lock, left, mine, gone, due, effects>>

\* A held call has been woken, and tries to arrive once more.
HeldAcquires(t) ==
    /\ pc[t] = "held" /\ CallOf(t) \notin shut
    /\ shut'  = shut \cup {CallOf(t)}
    /\ event' = [event EXCEPT ![t] = "ARRIVE"]
    /\ Goes(t, "lock")
    /\ UNCHANGED <<fields, lock, left, locals, number, due, effects>>

\* A waiter has been woken.
Acquires(t) ==
    /\ pc[t] \in {"blocked", "again"} /\ CallOf(t) \notin shut
    /\ shut' = shut \cup {CallOf(t)}
    /\ Goes(t, "leave")
    /\ UNCHANGED <<fields, lock, left, locals, number, event, due, effects>>

\* A waiter has not been woken in time.
AcquireTimesOut(t) ==
    /\ pc[t] = "blocked" /\ CallOf(t) \in shut
    /\ event' = [event EXCEPT ![t] = "TIMEOUT"]
    /\ Goes(t, "lock")
    /\ UNCHANGED <<fields, lock, left, shut, locals, number, due, effects>>

\* The action returns.
ActionReturns(t) ==
    /\ pc[t] = "action"
    /\ event' = [event EXCEPT ![t] = "ACTION_RETURNED"]
    /\ Goes(t, "lock")
    /\ UNCHANGED <<fields, lock, left, shut, locals, number, due, effects>>

\* The number that wait() returns, if it returns.
Place(c) ==
    IF location[c] = "WAITING" THEN PlaceIn(c, calls[mine[c]]) ELSE Parties - 1

\* Whether it returns.
Returns(c) ==
    \/ location[c] = "LEAVING"
    \/ location[c] # "OUTSIDE" /\ outcome[mine[c]] = "RELEASED"

\* wait() returns its place, or raises BrokenBarrierError.
Leave(t) ==
    /\ pc[t] = "leave"
    /\ Ends(CallOf(t))
    /\ number' = [number EXCEPT ![t] = 1]
    /\ Goes(t, "outside")
    /\ UNCHANGED <<phase, arrived, generation, held, acting, lock, left, event, due, effects>>

-----------------------------------------------------------------------------
(***************************************************************************)
(* What the variables of Barrier.tla are here.                             *)
(***************************************************************************)

\* The outcome decides when a call is on its way out, not when it is woken.
Location(c) ==
    CASE c \in gone -> "OUTSIDE"
      [] c \notin gone /\ location[c] = "WAITING" ->
            IF outcome[mine[c]] = None THEN "WAITING" ELSE "LEAVING"
      [] c \notin gone /\ location[c] = "ACTING" ->
            IF acting = c THEN "ACTING" ELSE "LEAVING"
      [] OTHER -> location[c]

Outcome(c) == IF Location(c) \in {"ACTING", "LEAVING"} THEN outcome[mine[c]] ELSE None

Index(c) ==
    IF \/ Location(c) \in {"WAITING", "ACTING"} /\ outcome[mine[c]] = None
       \/ Outcome(c) = "RELEASED"
    THEN Place(c) ELSE -1

Seen == INSTANCE BarrierLiveness WITH
    Threads <- Calls,
    pc      <- [c \in Calls |-> Location(c)],
    outcome <- [c \in Calls |-> Outcome(c)],
    index   <- [c \in Calls |-> Index(c)]

-----------------------------------------------------------------------------
(***************************************************************************)
(* An exception: the action raises one, or a signal handler does.  That is *)
(* possible wherever a function has just been called or entered; so not    *)
(* between a store and the end of any(effects).                            *)
(***************************************************************************)

\* The calls that an exception has got hold of, whose step is still due.
OnTheirWayOut ==
    left \cup {CallOf(t) : t \in {u \in Threads : pc[u] = "except" \/ event[u] = "RAISED"}}

\* A call that has not arrived, or that has an outcome, is gone: what has still
\* to be done concerns nobody.
LeftBy(t) ==
    gone' = IF Location(CallOf(t)) \in {"CALLING", "HELD", "LEAVING"}
            THEN gone \cup {CallOf(t)} ELSE gone

\* It is raised in wait(), without the lock.
Interrupt(t) ==
    /\ Cardinality(OnTheirWayOut) < MostLeft
    /\ lock # t /\ pc[t] \in {"lock", "held", "blocked", "again", "action", "leave"}
    /\ LeftBy(t)
    /\ event' = [event EXCEPT ![t] = None]
    /\ Goes(t, "except")
    /\ UNCHANGED <<fields, lock, left, shut, location, mine, number, due, effects>>

\* It is raised with the lock, which is given back first.
InterruptWithLock(t) ==
    /\ Cardinality(OnTheirWayOut) < MostLeft
    /\ lock = t /\ pc[t] \in {"apply", "make_up", "unlock"} /\ event[t] \notin {None, "RAISED"}
    /\ LeftBy(t)
    /\ event' = [event EXCEPT ![t] = "RAISED"]
    /\ due'   = [due EXCEPT ![t] = {}]
    /\ Goes(t, "unlock")
    /\ UNCHANGED <<fields, lock, left, shut, location, mine, number, effects>>

\* The call leaves its lock behind, and looks for whom a step is due.  That is
\* one step: what others add or take away in between, they might have before.
Except(t) ==
    /\ pc[t] = "except"
    /\ left' = left \cup {CallOf(t)}
    /\ due'  = [due EXCEPT ![t] = left']
    /\ Goes(t, "make_up")
    /\ UNCHANGED <<fields, lock, shut, locals, number, event, effects>>

\* It is raised once more, in _make_up(), so that somebody else must go on.
InterruptAgain(t) ==
    /\ AndAgain
    /\ lock # t /\ pc[t] = "make_up"
    /\ Raises(t)
    /\ UNCHANGED <<phase, arrived, generation, held, acting, lock, left, event, effects>>

InterruptAgainWithLock(t) ==
    /\ AndAgain
    /\ lock = t /\ pc[t] = "make_up" /\ event[t] = None
    /\ due' = [due EXCEPT ![t] = {}]
    /\ Goes(t, "unlock")
    /\ UNCHANGED <<fields, lock, left, shut, locals, number, event, effects>>

-----------------------------------------------------------------------------
(***************************************************************************)
(* The other thread.                                                       *)
(***************************************************************************)

\* It calls abort() or reset(), and takes the lock.  Before that, nobody notices.
Command ==
    /\ lock = Nobody
    /\ lock' = Other
    /\ due'  = [due EXCEPT ![Other] = left]
    /\ Goes(Other, IF left = {} THEN "apply" ELSE "make_up")
    /\ UNCHANGED <<fields, left, shut, locals, number, event, effects>>

\* An exception is raised in it.  This is also what n_waiting and broken do:
\* they take the steps that are due, and none of their own.
InterruptOther ==
    /\ lock = Other /\ pc[Other] \in {"apply", "make_up"}
    /\ due'   = [due EXCEPT ![Other] = {}]
    /\ Goes(Other, "unlock")
    /\ UNCHANGED <<fields, lock, left, shut, locals, number, event, effects>>

-----------------------------------------------------------------------------
Next ==
    \/ \E t \in Everybody : Lock(t)
    \/ \E t \in Everybody : Apply(t)
    \/ \E t \in Everybody : Wake(t)
    \/ \E t \in Everybody : Unlock(t)
    \/ \E t \in Everybody : MakeUp(t)
    \/ \E t \in Threads : Call(t)
    \/ \E t \in Threads : HeldAcquires(t)
    \/ \E t \in Threads : Acquires(t)
    \/ \E t \in Threads : AcquireTimesOut(t)
    \/ \E t \in Threads : ActionReturns(t)
    \/ \E t \in Threads : Leave(t)
    \/ \E t \in Threads : Interrupt(t)
    \/ \E t \in Threads : InterruptWithLock(t)
    \/ \E t \in Threads : Except(t)
    \/ \E t \in Threads : InterruptAgain(t)
    \/ \E t \in Threads : InterruptAgainWithLock(t)
    \/ Command
    \/ InterruptOther

Spec == Init /\ [][Next]_vars

\* Each step changes nothing that is seen in Barrier.tla, as most do not, or is
\* one of its steps.
RefinesBarrier == Seen!Init /\ [][UNCHANGED Seen!vars \/ Seen!Next]_(Seen!vars)

-----------------------------------------------------------------------------
(***************************************************************************)
(* What else holds in every state.                                         *)
(***************************************************************************)

\* Every variable is in its domain.
LocksTypeOK ==
    /\ lock       \in Everybody \cup {Nobody}
    /\ phase      \in Seen!Phases
    /\ arrived    \in Int
    /\ generation \in Generations \cup {NoGeneration}
    /\ held       \in Seq(Calls)
    /\ acting     \in Calls \cup {NoCall}
    /\ left       \in SUBSET Calls
    /\ calls      \in [Generations -> Seq(Calls)]
    /\ outcome    \in [Generations -> Seen!Outcomes \cup {None}]
    /\ shut       \in SUBSET Calls
    /\ location   \in [Calls -> Seen!Locations]
    /\ mine       \in [Calls -> Generations \cup {NoGeneration}]
    /\ pc         \in [Everybody -> Labels]
    /\ number     \in [Threads -> {1, 2}]
    /\ event      \in [Everybody -> Events]
    /\ due        \in [Everybody -> SUBSET Calls]
    /\ effects    \in Seq(Calls)
    /\ gone       \in SUBSET Calls

\* Who is in the middle of a step has the lock, and nobody else: not the
\* action, not a thread that blocks, nor one that has left.
LockIsHeld ==
    \A t \in Everybody :
        /\ pc[t] \in {"apply", "wake", "unlock"} => lock = t
        /\ lock = t => pc[t] \in {"apply", "wake", "unlock", "make_up"}

\* Nobody blocks for ever: a waiter's generation is the barrier's, which will
\* end it, or it is about to be woken; and likewise for a held call.
NobodyIsStuck ==
    \A t \in Threads :
        pc[t] \in {"held", "blocked", "again"} /\ CallOf(t) \in shut =>
            \/ CallOf(t) \in Elements(effects)
            \/ pc[t] = "held" /\ phase \in Holding /\ CallOf(t) \in Elements(held)
            \/ pc[t] = "blocked" /\ CallOf(t) \in Elements(calls[generation])
            \/ pc[t] = "again" /\ phase = "TRIPPING" /\ CallOf(t) \in Elements(calls[generation])

\* Whoever has the lock can go on.
HolderGoesOn ==
    lock # Nobody => ENABLED (Apply(lock) \/ Wake(lock) \/ Unlock(lock) \/ MakeUp(lock))

\* A lock is released only if it is acquired: Python raises RuntimeError else.
ReleasedOnce ==
    /\ Elements(effects) \subseteq shut
    /\ Cardinality(Elements(effects)) = Len(effects)

\* A call that leaves finds an outcome.
WokenByOutcome ==
    \A t \in Threads :
        pc[t] = "leave" /\ location[CallOf(t)] \in {"WAITING", "ACTING"}
            => outcome[mine[CallOf(t)]] # None

\* It returns if it was released, with its index; one that has timed out raises.
ReturnsAsReleased ==
    \A t \in Threads :
        pc[t] = "leave" =>
            /\ Returns(CallOf(t)) <=> Outcome(CallOf(t)) = "RELEASED"
            /\ Returns(CallOf(t)) => Place(CallOf(t)) \in 0 .. Parties - 1

\* What was due for a call is done before its thread takes a step with another:
\* nobody crosses with a call of its own.
DueComesFirst ==
    \A t \in Threads : pc[t] = "apply" => \A c \in left : c[1] # t

\* The count is the number of those that wait, and of the tripper.
CallsAreCounted ==
    lock = Nobody =>
        arrived = Len(calls[generation]) + (IF phase = "TRIPPING" THEN 1 ELSE 0)

\* When the barrier's generation ended, there was a name for the next.
EnoughGenerations == generation \in Generations

\* A generation's outcome is written once, as long as anybody refers to it.
OutcomeOnce ==
    [][\A g \in Generations :
          outcome[g] # None => \/ outcome'[g] = outcome[g]
                               \/ \A c \in Calls : mine'[c] # g]_vars

-----------------------------------------------------------------------------
(***************************************************************************)
(* The promises of BarrierLiveness.tla, which speak of the future, and     *)
(* what they need: that threads go on.  A thread that can take a step by   *)
(* itself does so; this leaves out what need not happen, which is to call  *)
(* wait(), to time out, to raise an exception, and all that Other does     *)
(* before it has the lock.                                                 *)
(*                                                                         *)
(* A call that is abandoned has nobody who must go on.  So these promises  *)
(* are checked without AndAgain: whoever has the lock next makes up for    *)
(* such a call, but nobody need come.                                      *)
(***************************************************************************)
GoesOn(t) ==
    \/ Apply(t)
    \/ Wake(t)
    \/ Unlock(t)
    \/ MakeUp(t)
    \/ t \in Threads /\ (\/ HeldAcquires(t)
                         \/ Acquires(t)
                         \/ ActionReturns(t)
                         \/ Leave(t)
                         \/ Except(t))

\* A call that has been called or woken while no action runs, and has not got so
\* far as to arrive yet.
CouldArrive(t) ==
    /\ phase \notin Holding
    /\ \/ pc[t] = "held" /\ CallOf(t) \notin shut
       \/ pc[t] \in {"lock", "make_up", "apply"} /\ event[t] = "ARRIVE"

Arrives(t) == phase \notin Holding /\ event[t] = "ARRIVE" /\ Apply(t)

(***************************************************************************)
(* Steps that a thread can take by itself are taken; this is weak fairness.*)
(* It gets the lock if it could have it again and again, however often the *)
(* others do; this is strong fairness.  And so is the last line: a call    *)
(* that could arrive again and again does so, as in Barrier.tla, and is    *)
(* not overtaken each time, between its wake-up and its step, by a crossing*)
(* of the others whose action holds it once more.                          *)
(***************************************************************************)
Fairness ==
    /\ \A t \in Everybody : WF_vars(GoesOn(t))
    /\ \A t \in Threads : SF_vars(Lock(t))
    /\ \A t \in Threads : []<>CouldArrive(t) => []<><<Arrives(t)>>_vars

FairSpec == Spec /\ Fairness

NoStrandedWaiter == Seen!NoStrandedWaiter
HeldArrives      == Seen!HeldArrives

\* Threads that keep arriving, and do nothing else.
CrossingNext ==
    \/ \E t \in Threads : Lock(t)
    \/ \E t \in Threads : Call(t)
    \/ \E t \in Threads : GoesOn(t)

CrossingSpec ==
    Init /\ [][CrossingNext]_vars /\ Fairness /\ \A t \in Threads : WF_vars(Call(t))

Crossing == Seen!Crossing

-----------------------------------------------------------------------------
(***************************************************************************)
(* What TLC may take for the same.  Of a generation that has ended, only   *)
(* what its calls read of it matters, and not its name; and threads that   *)
(* do the same can be exchanged.  Models that must fail do without: TLC    *)
(* does not always find its way back along states that it has not kept.    *)
(***************************************************************************)
ReadBy(c) ==
    CASE mine[c] \in {NoGeneration, generation} -> <<mine[c] = generation>>
      [] location[c] = "WAITING" /\ outcome[mine[c]] = "RELEASED" -> <<"RELEASED", Place(c)>>
      [] OTHER -> <<outcome[mine[c]]>>

LocksView ==
    <<lock, phase, arrived, held, acting, left, calls[generation], outcome[generation], shut,
      location, [c \in Calls |-> ReadBy(c)], pc, number, event, due, effects, gone>>

Exchanged == Permutations(Threads)
=============================================================================
