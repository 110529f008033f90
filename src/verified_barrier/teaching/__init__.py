"""What shows the barrier to people: diagrams of its table, its states and its runs.

Only the command line imports it: the library needs none of it.
"""
