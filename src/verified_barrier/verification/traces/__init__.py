"""Recorded runs of real barriers, and whether the specification allows them."""
