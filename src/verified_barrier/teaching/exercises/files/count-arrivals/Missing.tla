------------------------------ MODULE Missing ------------------------------
EXTENDS Barrier

\* How `arrived' and `pc' fit together.
Missing == TRUE
=============================================================================
