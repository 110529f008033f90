------------------------------ MODULE Missing ------------------------------
EXTENDS BarrierHistory

\* What the proof lacks.
Missing == TRUE
=============================================================================
