---------------------------- MODULE BarrierProof ----------------------------
EXTENDS BarrierHistory

HistoryTypeOK ==
    /\ generation \in Nat \ {0}
    /\ joined     \in [Threads -> Nat]
    /\ first      \in [Threads -> Outcomes \cup {NoOutcome}]
    /\ arrivals   \in Nat
    /\ returns    \in Nat
    /\ releases   \in SUBSET [arrivals : Nat, returns : Nat]

Room == phase = "FILLING" => arrived < Parties

Emptied == phase \in {"RESETTING", "BREAKING", "BROKEN"} => arrived = 0

TrippingActs == phase = "TRIPPING" => HasAction

OutcomeInTime ==
    \A t \in Threads :
        outcome[t] # NoOutcome <=>
            \/ pc[t] = "LEAVING"
            \/ pc[t] = "ACTING" /\ phase # "TRIPPING"

WaitersQueue ==
    \A t \in Threads :
        pc[t] = "WAITING" =>
            index[t] \in 0 .. arrived - (IF phase = "TRIPPING" THEN 2 ELSE 1)

TripperIsLast ==
    \A t \in Threads : pc[t] = "ACTING" /\ phase = "TRIPPING" => index[t] = Parties - 1

MembersJoined == \A t \in Threads : IsMember(t) => joined[t] = generation

OthersJoinedEarlier ==
    \A t \in Threads : ~IsMember(t) => joined[t] < generation

ArrivalsCounted ==
    arrivals = CASE phase = "FILLING"  -> arrived
                 [] phase = "TRIPPING" -> Parties
                 [] OTHER              -> 0

NoReturnsYet == returns = 0

Invariant ==
    /\ TypeOK
    /\ HistoryTypeOK
    /\ ArrivedCount
    /\ OneAction
    /\ UniqueIndex
    /\ OneOutcome
    /\ NoEarlyRelease
    /\ ActionBeforeRelease
    /\ Room
    /\ Emptied
    /\ TrippingActs
    /\ OutcomeInTime
    /\ WaitersQueue
    /\ TripperIsLast
    /\ MembersJoined
    /\ OthersJoinedEarlier
    /\ ArrivalsCounted
    /\ NoReturnsYet

THEOREM HistorySpec => []Invariant /\ BrokenRefuses
=============================================================================
