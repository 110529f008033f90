"""A proof of the specification's safety, for any number of parties and of threads.

From the modules' text, through SANY's syntax trees (``sany``) and Z3's formulas (``values``,
``smt``), to an invariant that every action keeps (``instances``, ``invariant``); and checks that
the formulas mean what the modules say (``shape``, ``translation``).
"""
