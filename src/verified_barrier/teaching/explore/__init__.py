"""The page in which anyone can step threads through a barrier: one file, without a network.

What can happen is exported from the graphs that the checks use; the page looks it up, and knows
nothing about barriers.
"""
