--------------------------- MODULE BarrierHistory ---------------------------
(***************************************************************************)
(* The promises of a barrier that speak of the past.                       *)
(*                                                                         *)
(* Barrier.tla keeps only what a barrier needs.  Here the same machine is  *)
(* watched by a historian: variables that write down what happened and     *)
(* never influence it.  The historian looks only at how the variables of   *)
(* the machine change, not at which action changed them, so that it        *)
(* notices an action that does something else than its name says.          *)
(***************************************************************************)
EXTENDS Barrier

VARIABLES
    generation, \* the number of the current generation, counted from 1
    joined,     \* joined[t]: the generation that t arrived in; 0 if in none
    first,      \* first[t]: the first outcome that t got since it arrived
    arrivals,   \* arrivals in this generation that counted towards the last one
    returns,    \* how many times the action has returned in this generation
    releases    \* of each crossing so far: its arrivals and its action's returns

history == <<generation, joined, first, arrivals, returns, releases>>

HistoryInit ==
    /\ Init
    /\ generation = 1
    /\ joined     = [t \in Threads |-> 0]
    /\ first      = [t \in Threads |-> NoOutcome]
    /\ arrivals   = 0
    /\ returns    = 0
    /\ releases   = {}

-----------------------------------------------------------------------------
(***************************************************************************)
(* What the historian sees in one step.                                    *)
(***************************************************************************)

\* t belongs to the current generation, which has no outcome yet.
IsMember(t) == HasArrived(t) /\ outcome[t] = NoOutcome

Arrives(t) == MayArrive(t) /\ pc'[t] \in {"WAITING", "ACTING", "LEAVING"}

GivesUp(t) == pc[t] = "WAITING" /\ pc'[t] = "OUTSIDE"

Returns(t) == pc[t] = "ACTING" /\ pc'[t] = "LEAVING" /\ outcome[t] = NoOutcome

\* The generation has no member any more: the next to arrive begins another.
Ends ==
    /\ \E t \in Threads : IsMember(t) \/ Arrives(t)
    /\ \A t \in Threads : ~IsMember(t)'

Releases == \E t \in Threads : outcome[t] # "RELEASED" /\ outcome'[t] = "RELEASED"

Number(Does(_)) == Cardinality({t \in Threads : Does(t)})

ArrivalsNow == arrivals + Number(Arrives)

ReturnsNow == returns + Number(Returns)

\* Once all parties have arrived, giving up does not undo the arrival.
ArrivalsKept == IF arrivals < Parties THEN ArrivalsNow - Number(GivesUp) ELSE ArrivalsNow

WriteDown ==
    /\ generation' = IF Ends THEN generation + 1 ELSE generation
    /\ joined'     = [t \in Threads |->
                         CASE pc'[t] \in {"OUTSIDE", "CALLING", "HELD"} -> 0
                           [] Arrives(t) -> generation
                           [] OTHER -> joined[t]]
    /\ first'      = [t \in Threads |->
                         CASE pc'[t] \in {"OUTSIDE", "CALLING", "HELD"} -> NoOutcome
                           [] first[t] = NoOutcome -> outcome'[t]
                           [] OTHER -> first[t]]
    /\ arrivals'   = IF Ends THEN 0 ELSE ArrivalsKept
    /\ returns'    = IF Ends THEN 0 ELSE ReturnsNow
    /\ releases'   = IF Releases
                       THEN releases \cup {[arrivals |-> ArrivalsNow, returns |-> ReturnsNow]}
                       ELSE releases

HistoryNext == Next /\ WriteDown

HistorySpec == HistoryInit /\ [][HistoryNext]_<<vars, history>>

\* Generations are numbered without end, but only who shares one matters:
\* states that agree on this are the same to TLC, and there are finitely many.
HistoryView ==
    <<vars,
      [t \in Threads |-> {u \in Threads : joined[u] = joined[t] /\ joined[t] # 0}],
      {t \in Threads : joined[t] = generation},
      first, arrivals, returns, releases>>

-----------------------------------------------------------------------------
(***************************************************************************)
(* What holds in every state.                                              *)
(***************************************************************************)

\* t and u have arrived in the same generation, and both are still in wait().
Together(t, u) == joined[t] = joined[u] /\ joined[t] # 0

\* The indices given in one crossing are distinct and in 0 .. Parties - 1.
UniqueIndex ==
    /\ \A t \in Threads : outcome[t] = "RELEASED" => index[t] \in 0 .. Parties - 1
    /\ \A t, u \in Threads :
          Together(t, u) /\ t # u /\ index[t] # NoIndex => index[t] # index[u]

\* All threads of a generation get the same outcome, written once.
OneOutcome ==
    /\ \A t, u \in Threads : Together(t, u) => outcome[t] = outcome[u]
    /\ \A t \in Threads : outcome[t] = first[t]

\* A generation is released only after `Parties' arrivals that were not
\* withdrawn before the last of them.
NoEarlyRelease == \A r \in releases : r.arrivals = Parties

\* If there is an action, it returned exactly once before the release.
ActionBeforeRelease == \A r \in releases : r.returns = (IF HasAction THEN 1 ELSE 0)
=============================================================================
