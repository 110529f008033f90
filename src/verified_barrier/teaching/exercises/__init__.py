"""Graded exercises about the barrier: small files to complete, and the checks that grade them.

A grader runs what the project itself is checked with: TLC, the comparison of state graphs,
CrossHair, Z3. Only the command line imports this package.
"""
